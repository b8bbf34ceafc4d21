"""English."""

from derrumbe.brief.language import language

WORDS = {
    "dust": "dust dust_cloud dust_clouds cloud_of_dust clouds_of_dust plume",
    "debris": "debris rubble crumbs gravel grit splinters",
    "pieces": "pieces piece fragments fragment chunks chunk blocks block",
    "floor": "floor floors storey storeys story stories level levels",
    "building": "building house tower block_of_flats church castle palace facade structure",
    "wall": "wall walls",
    "slab": "slab slabs floor_slab floor_slabs",
    "wind": "wind breeze crosswind",
    "shake": """
        camera_shake camera_shakes camera_shaking shake_camera shaky_camera shaking_camera shake shaking
        camera_trembl* camera_tremor""",
    "breath": "auto_exposure automatic_exposure exposure_breath exposure_breathes breathing_exposure",
    "no": "no without zero never",
    "from": "from at on in starting_at starting_from beginning_at",
    "to": "to towards toward into",
    "roll": "roll* drift* blow* mov* creep* flow* spread* push* carried surg* billow*",
}

LANGUAGE = language(
    "en",
    stops="""
        a an the of to in on at by for with from into is are be it its it's that this these those there then
        than as so while when where which has have should must would will shall can may let make please i we
        want some any all only just very quite rather really s t about around roughly over up out one's their his her our do does
        did was were been being also too you get gets""",
    neutral="""
        block blocks implo* one_after_another by_itself on_itself
        collaps* collapse fall falls falling fell down come comes coming building house tower church castle
        palace facade structure start* begin* trigger* fail fails failing failure break* shot plate picture
        crumbl* demoli* destroy* destruct* go goes going give gives way whole entire camera happen* second*
        seconds_later dust debris rubble pieces fragments wind sun light side floor floors storey storeys drop
        drops dropping vertical* straight cloud clouds roll rolls rolling wall walls sky""",
    negators="no not without never dont doesnt isnt arent nor zero none",
    joiners="and but then plus",
    numbers={
        0: "zero",
        1: "one",
        2: "two",
        3: "three",
        4: "four",
        5: "five",
        6: "six",
        7: "seven",
        8: "eight",
        9: "nine",
        10: "ten",
        11: "eleven",
        12: "twelve",
        13: "thirteen",
        14: "fourteen",
        15: "fifteen",
        16: "sixteen",
        17: "seventeen",
        18: "eighteen",
        19: "nineteen",
        20: "twenty",
        30: "thirty",
        40: "forty",
        50: "fifty",
        60: "sixty",
        70: "seventy",
        80: "eighty",
        90: "ninety",
        100: "hundred",
        1000: "thousand",
    },
    articles="a an one",
    halves="half_a half_an half a_half",
    and_a_half="and_a_half",
    ordinals={
        1: "first",
        2: "second",
        3: "third",
        4: "fourth",
        5: "fifth",
        6: "sixth",
        7: "seventh",
        8: "eighth",
        9: "ninth",
        10: "tenth",
        11: "eleventh",
        12: "twelfth",
        13: "thirteenth",
        14: "fourteenth",
        15: "fifteenth",
        20: "twentieth",
    },
    ordinal_endings="st nd rd th",
    units={
        "seconds": {1: "s sec secs second seconds", 0.001: "ms millisecond milliseconds", 60: "min minute minutes"},
        "metres": {
            1: "m metre metres meter meters",
            0.01: "cm centimetre centimetres centimeter centimeters",
            0.001: "mm millimetre millimetres millimeter millimeters",
            0.3048: "ft foot feet",
            0.0254: "inch inches",
        },
        "mps": {
            1: "m_s mps m_per_s metre_per_second metres_per_second meters_per_second",
            1 / 3.6: "km_h kmh kph km_per_h kilometres_per_hour kilometers_per_hour",
            0.44704: "mph miles_per_hour",
            0.514444: "kt kts knot knots",
        },
        "angle": {1: "° deg degree degrees"},
        "px": {1: "px pixel pixels"},
        "times": {1: "x × times", 0.01: "% percent"},
    },
    intensifiers={
        1.6: "very really so",
        2.2: "extremely super incredibly extra",
        0.5: "slightly a_bit a_little somewhat fairly moderately",
        1.0: "quite rather more less",
    },
    classes={
        "direction": {
            "left": "left leftwards screen_left camera_left",
            "right": "right rightwards screen_right camera_right",
            "towards": "camera viewer us lens forward forwards street foreground towards_camera toward_camera",
            "away": "away away_from_camera away_from_us back backward backwards background",
        },
        "side": {"left": "left left_hand", "right": "right right_hand", "centre": "centre center middle"},
        "part": {"left": "left left_hand", "right": "right right_hand", "upper": "upper top"},
        "pace": {
            0.5: "slow slowly slower gradual gradually gently unhurried",
            1.8: "fast faster quick quickly rapid rapidly sudden suddenly brisk briskly swiftly",
        },
        "degree": {
            2.0: """
                twice twice_as_much double heavy heavily lots lots_of much many a_lot a_lot_of plenty plenty_of
                abundant a_great_deal_of""",
            3.0: "massive enormous tons_of",
            1.5: "more extra additional",
            0.5: """
                half half_as_much light lightly little a_little less few fewer sparse sparing modest not_much
                not_too_much not_a_lot not_many not_a_lot_of""",
            0.7: "moderate a_bit_of a_bit_less",
            1.0: "normal medium",
        },
        "weight": {2.0: "heavy heavily"},
        "bulk": {2.0: "big large huge giant great", 0.5: "small"},
        "size": {2.0: "big bigger large larger huge coarse", 0.5: "small smaller fine finer little tiny"},
        "opacity": {2.0: "thick dense opaque solid", 0.5: "thin wispy translucent see_through transparent"},
        "reach": {1.8: "far wide widely broad everywhere further", 0.5: "close near short contained little near_base"},
        "lasting": {2.0: "lingering lingers linger hanging hangs long", 0.5: "short_lived"},
        "thickness": {1.7: "thick massive heavy", 0.6: "thin slender"},
        "breeze": {
            2.0: "light gentle slight soft mild",
            5.0: "moderate fresh some",
            9.0: "strong heavy stiff",
            15.0: "gale storm violent howling",
        },
        "color": {
            "#d8cfc0": "pale light_colored light_coloured light_colour",
            "#5a544c": "dark",
            "#e6e2da": "white whitish chalky",
            "#9a9690": "grey gray greyish",
            "#c4c1bb": "light_grey light_gray pale_grey pale_gray",
            "#5f5c58": "dark_grey dark_gray",
            "#8a6f55": "brown brownish",
            "#5e4936": "dark_brown",
            "#a0664c": "red reddish brick brick_red terracotta",
            "#c2a066": "yellow yellowish ochre",
            "#cdbb9c": "beige sand sandy cream tan",
            "#2e2b28": "black sooty",
            "#b9794a": "orange",
            "auto": "facade_coloured facade_colored",
        },
        "material": {
            "brick": "brick bricks",
            "concrete": "concrete cement",
            "stone": "stone stones masonry sandstone limestone granite",
            "timber": "timber wood wooden",
        },
        "sky": {"overcast": "overcast cloudy grey_sky gray_sky clouded", "clear": "clear sunny clear_sky blue_sky cloudless"},
        "sun_side": {
            270: "left",
            90: "right",
            0: "behind_building behind_house behind_tower behind_church behind_castle back",
            180: "behind_camera behind_us front",
        },
        "sun_height": {12: "low setting rising", 60: "high overhead noon midday"},
    },
    words=WORDS,
    patterns={
        "storey_delay": """
            {seconds} delay? between|per|each|every each? <floor>
            {seconds} apart <floor>?
            delay {seconds} between|per? each? <floor>
            each|every? <floor> {seconds} apart
            {seconds} delay""",
        "together": "all? <floor> at_once|together|simultaneously",
        "dust_delay": """
            <dust> delay*|late|later by? {seconds}
            <dust> start*|begin*|arriv*|com*? {seconds} late|later|after
            {seconds} dust_delay""",
        "dust_linger": """
            linger*|hang*|hang*_in_air|stay*|last*|settl*|thin*|clear* for|in|after|over? {seconds}""",
        "dust_lingering": """
            {lasting} .. <dust>~
            <dust>~ .. {lasting}""",
        "trigger_frame": "start*|begin*|trigger*? at|on|from|after? frame|f {int}",
        "trigger_seconds": """
            start*|begin*|trigger*? at|after|from|@ {seconds}
            wait* {seconds}
            {seconds} into|in""",
        "pancake": "pancak* collapse?",
        "progressive": "progressive|progressively|bay_by_bay|floor_by_floor_from_the_base",
        "topple": "toppl*|keel*|tip*_over|tips|tipping|fall*_over|lean*_over|overturn*",
        "topple_direction": "toppl*|keel*|tip*|fall*|lean*|collaps*|overturn* <building>~? over|sideways? <to>? {direction}",
        "partial": "partial|partially|partly",
        "rest": "rest|remainder stay*|stand*|remain* standing|up?",
        "part": "only|just? {part} half|side|part|wing|portion|section|third|end|corner|<floor>",
        "whole": "whole|entire|all <building>",
        "origin_ordinal": "<from>? {ordinal} <floor> fail*? first?",
        "storeys": """
            {int} <floor> high|tall?
            number of? <floor> {int}""",
        "origin_number": "<from>? <floor> number? {int}",
        "origin_base": "<from>? ground_floor|base|bottom|ground_level|foundations|foot|bottom_up|street_level",
        "origin_top": """
            from|starting_at top|roof|top_floor|top_storey|top_story|top_down|last_floor down?
            top_floor|top_storey|top_story|roof fails|first first?""",
        "origin_side": """
            from|starting|start*|begin*|fail* at|on|from? {side} side|end|corner|hand?
            from {side} to left|right|centre|center""",
        "pace": "{pace}",
        "pace_times": """
            speed {times}
            {times} speed|faster
            {times} as_fast|normal_speed""",
        "uneven": "uneven|unevenly|irregular|irregularly|ragged|raggedly|chaotic|chaotically",
        "even": "even|evenly|uniform|uniformly|regular|regularly|tidily",
        "piece_metres": """
            {metres} wide|big|large? <pieces>
            <pieces> of|around|about? {metres} wide|big|large|across?
            fragment|piece size {metres}""",
        "piece_size": """
            {size} .. <pieces>~
            <pieces>~ .. {size}""",
        "piece_count": "{int} rigid? <pieces>",
        "piece_degree": "{degree} .. <pieces>~",
        "debris_times": """
            {times} <debris>
            {times} as_much? <debris>""",
        "debris_size": """
            {size} .. <debris>~
            <debris>~ .. {size}""",
        "debris_degree": """
            {degree} .. <debris>~
            <debris>~ .. {degree}""",
        "debris_none": "<no> <debris>",
        "dust_times": """
            {times} as_much? <dust>
            <dust> {times}""",
        "dust_weight": """
            {weight} .. <dust>~
            <dust>~ .. {weight}""",
        "dust_degree": """
            {degree} .. <dust>~
            <dust>~ .. {degree}""",
        "dust_heavy": "dusty",
        "dust_bulk": "{bulk} .. <dust>~",
        "dust_none": """
            <no> <dust>
            dust free""",
        "dust_opacity": """
            {opacity} .. <dust>~
            <dust>~ .. {opacity}""",
        "dust_color": """
            {color} .. <dust>~
            <dust>~ .. {color}
            <dust> colour|color {color}""",
        "dust_hex": """
            {hex} .. <dust>~
            <dust>~ colour|color? {hex}
            colour|color {hex}
            {hex}""",
        "dust_camera": """
            reach*|swallow*|engulf*|envelop*|hit*|cover*|blind* camera|lens|viewer|us
            com*|roll*|run* up|right|all? to|at|over|into camera|lens|viewer|us""",
        "dust_reach": "spread*|reach*|run*|travel* {reach}",
        "drift": """
            <roll>|<wind> away? <to>? {direction}
            <wind>~ {mps}~? .. <to> {direction}""",
        "wind_from": "<wind>~ {mps}~? .. com*|blow*? from {direction}",
        "wind_speed": """
            <wind> speed? of|at? {mps}
            {mps} <wind>
            {mps}""",
        "wind_degree": "{breeze} .. <wind>~",
        "wind_none": """
            <no> <wind>
            still_air|windless|dead_calm|calm_air""",
        "wind_angle": "<wind> heading|direction|towards|at? {angle}",
        "storey_height": """
            {metres} high|tall? <floor>
            <floor> height? of|are|each? {metres} high|tall|each?
            {metres} per|each|every <floor>""",
        "height": """
            {metres} tall|high|in_height
            height of? {metres}
            {metres} <building>~
            <building>~ of? {metres}""",
        "depth": """
            {metres} deep|in_depth
            depth of? {metres}""",
        "material": "made? of? {material} <building>~|<wall>~?",
        "wall_metres": """
            {metres} thick? <wall>
            <wall>~ thickness? of|are|is? {metres} thick?
            wall_thickness {metres}""",
        "wall_degree": """
            {thickness} .. <wall>~
            <wall>~ are? {thickness}""",
        "slab_metres": """
            {metres} thick? <slab>
            <slab> thickness? of|are? {metres} thick?""",
        "slab_degree": "{thickness} .. <slab>~",
        "sky": "{sky} sky|day|light|weather?",
        "sun_side": "sun~|sunlight|sunshine|light|lit {sun_height}~? com*|shin*|stand*? from|on|at? {sun_side} side|hand?",
        "sun_behind": "backlit|back_lit|backlight",
        "sun_azimuth": "sun azimuth {angle}",
        "sun_angle": """
            sun elevation|height|altitude|at|stands? {angle} high|up|elevation|above_horizon?
            {angle} sun""",
        "sun_height": """
            {sun_height} .. sun~
            sun~ is? {sun_height}""",
        "focal": "focal|focal_length {px}",
        "shutter": """
            {angle} shutter
            shutter angle|of? {angle}""",
        "shake": "<shake>",
        "shake_px": """
            {px} of? <shake>
            <shake> of|by? {px}""",
        "shake_degree": "{degree} .. <shake>",
        "shake_none": """
            <no> <shake>
            steady|static|locked|locked_off camera""",
        "breath": "<breath>",
        "breath_none": """
            <no> <breath>
            locked|fixed exposure""",
        "grain_degree": """
            {degree} .. grain
            grain~ {degree}""",
        "grain_none": "<no> grain",
        "softer": "softer",
        "sharper": "sharper|crisper",
        "seed": "random? seed number|is|of? {int}",
    },
)
