"""French."""

from derrumbe.brief.language import language

WORDS = {
    "dust": "poussière poussières nuage_de_poussière nuages_de_poussière",
    "debris": "débris gravats gravillons éclats décombres",
    "pieces": "morceaux morceau fragments fragment blocs bloc pièces",
    "floor": "étage étages niveau niveaux",
    "building": "immeuble bâtiment maison tour église château palais façade édifice",
    "wall": "mur murs",
    "slab": "dalle dalles plancher planchers",
    "wind": "vent brise",
    "breath": "exposition_automatique auto_exposition",
    "shake": """
        tremblement_de_caméra secousse_de_caméra caméra_trembl* caméra_secouée trembl*_caméra secou*_caméra
        vibration_de_caméra tremblement tremblements secousse secousses caméra_à_l_épaule""",
    "no": "sans aucun aucune pas_de zéro ni",
    "from": "depuis de à par au du dès à_partir_de en_partant_de",
    "to": "vers à sur en_direction_de",
    "roll": "roul* dériv* pouss* avanc* coul* souffl* étend* étal* répand* déplac* emport*",
    "start": "commenc* démarr* déclench* début* part",
}

LANGUAGE = language(
    "fr",
    stops="""
        le la les l un une des de du d à au aux en par pour avec dans sur se s son sa ses est sont ce cet cette
        ces qui que qu comme pendant quand depuis jusqu vers entre tout toute tous toutes seulement environ
        presque soit doit doivent être a ont il elle on nous je j veux faut chaque où puis alors aussi ne n y c
        m t lui leur même fait ou plus_ou_moins fasse font très assez plutôt""",
    neutral="""
        implo* étage_par_étage l_un_après_l_autre les_uns_après_les_autres sur_elle_même sur_lui_même
        effondr* écroul* tomb* chut* immeuble bâtiment maison tour église château palais façade édifice commenc*
        démarr* déclench* début* cède cèdent céder lâche lâchent rompt rompent rupture plan prise image
        vertical* démoli* détrui* destruct* caméra soleil lumière ciel poussière débris gravats vent étages
        étage morceaux fragments nuage nuages murs roul*""",
    negators="non pas sans jamais aucun aucune ni zéro",
    joiners="et mais puis",
    numbers={
        0: "zéro",
        1: "un une",
        2: "deux",
        3: "trois",
        4: "quatre",
        5: "cinq",
        6: "six",
        7: "sept",
        8: "huit",
        9: "neuf",
        10: "dix",
        11: "onze",
        12: "douze",
        13: "treize",
        14: "quatorze",
        15: "quinze",
        16: "seize",
        20: "vingt vingts",
        30: "trente",
        40: "quarante",
        50: "cinquante",
        60: "soixante",
        70: "septante",
        80: "huitante octante",
        90: "nonante",
        100: "cent cents",
        1000: "mille",
    },
    articles="un une",
    halves="une_demi un_demi demi demie",
    and_a_half="et_demi et_demie",
    ordinals={
        1: "premier première",
        2: "deuxième second seconde",
        3: "troisième",
        4: "quatrième",
        5: "cinquième",
        6: "sixième",
        7: "septième",
        8: "huitième",
        9: "neuvième",
        10: "dixième",
        11: "onzième",
        12: "douzième",
        13: "treizième",
        14: "quatorzième",
        15: "quinzième",
    },
    ordinal_endings="e er ere re eme ème nd nde",
    units={
        "seconds": {1: "s sec seconde secondes", 0.001: "ms milliseconde millisecondes", 60: "min minute minutes"},
        "metres": {
            1: "m mètre mètres",
            0.01: "cm centimètre centimètres",
            0.001: "mm millimètre millimètres",
            0.3048: "pied pieds ft",
            0.0254: "pouce pouces",
        },
        "mps": {
            1: "m_s m_par_seconde mètre_par_seconde mètres_par_seconde",
            1 / 3.6: "km_h kmh km_par_heure kilomètres_par_heure kilomètres_heure km_heure",
            0.44704: "mph",
            0.514444: "kt nœud nœuds noeud noeuds",
        },
        "angle": {1: "° degré degrés"},
        "px": {1: "px pixel pixels"},
        "times": {1: "x × fois", 0.01: "% pour_cent"},
    },
    intensifiers={
        1.6: "très si bien fort",
        2.2: "extrêmement super ultra",
        0.5: "légèrement un_peu assez_peu modérément",
        1.0: "assez plutôt plus moins",
    },
    classes={
        "direction": {"left": "gauche", "right": "droite", "towards": "caméra spectateur nous avant rue", "away": "arrière fond lointain"},
        "side": {"left": "gauche", "right": "droit droite", "centre": "centre milieu central centrale"},
        "part": {"left": "gauche", "right": "droit droite", "upper": "supérieur supérieure supérieurs haut haute du_haut"},
        "pace": {
            0.5: "lent lente lentement doucement graduel graduellement peu_à_peu progressivement_lent",
            1.8: "rapide rapidement vite brusque brusquement soudain soudaine soudainement d_un_coup",
        },
        "degree": {
            2.0: """
                beaucoup beaucoup_de lourd lourde forte fort abondant abondante abondants plein_de double
                deux_fois_plus_de intense gros grosse""",
            3.0: "énormément énormément_de énorme massif massive des_tonnes_de",
            1.5: "plus_de davantage_de plus supplémentaire",
            0.5: """
                peu peu_de léger légère légers légères faible moitié moitié_de pas_trop_de pas_trop pas_beaucoup
                pas_beaucoup_de moins moins_de rare rares""",
            0.7: "modéré modérée un_peu_de",
            1.0: "normal normale moyen moyenne",
        },
        "weight": {2.0: "lourd lourde lourds lourdes"},
        "bulk": {2.0: "grand grande grands immense immenses vaste", 0.5: "petit petite petits petites"},
        "size": {
            2.0: "gros grosse grosses grand grands grande grandes",
            0.5: "petit petite petits petites fin fins fine fines minuscule minuscules",
        },
        "opacity": {2.0: "dense épais épaisse opaque", 0.5: "fine ténue translucide transparente transparent"},
        "reach": {1.8: "loin largement partout", 0.5: "près peu au_pied"},
        "lasting": {2.0: "persistante persistant durable suspendue tenace", 0.5: "brève éphémère"},
        "thickness": {1.7: "épais épaisse épaisses gros", 0.6: "mince minces fin fins fine fines"},
        "breeze": {
            2.0: "léger légère faible doux peu_de",
            5.0: "modéré modérée un_peu_de",
            9.0: "fort forte beaucoup_de vif",
            15.0: "tempête violent violente",
        },
        "color": {
            "#d8cfc0": "clair claire pâle",
            "#5a544c": "sombre foncé foncée",
            "#e6e2da": "blanc blanche blanchâtre",
            "#9a9690": "gris grise grisâtre",
            "#c4c1bb": "gris_clair grise_claire",
            "#5f5c58": "gris_foncé gris_sombre grise_foncée",
            "#8a6f55": "brun brune marron",
            "#5e4936": "brun_foncé marron_foncé",
            "#a0664c": "rouge rougeâtre brique rousse terracotta",
            "#c2a066": "jaune jaunâtre ocre",
            "#cdbb9c": "beige sable crème",
            "#2e2b28": "noir noire noirâtre",
            "#b9794a": "orange orangée",
            "auto": "couleur_façade",
        },
        "material": {
            "brick": "brique briques",
            "concrete": "béton ciment",
            "stone": "pierre pierres maçonnerie calcaire granit",
            "timber": "bois",
        },
        "sky": {"overcast": "couvert nuageux gris_ciel ciel_gris", "clear": "dégagé ensoleillé ciel_bleu ensoleillée"},
        "sun_side": {
            270: "gauche",
            90: "droite",
            0: """
                derrière_immeuble derrière_bâtiment derrière_maison derrière_tour derrière_église
                derrière_château derrière""",
            180: "derrière_caméra face dos",
        },
        "sun_height": {12: "bas rasant couchant levant", 60: "haut midi zénith"},
    },
    words=WORDS,
    patterns={
        "storey_delay": """
            {seconds} de? retard|décalage|délai? entre|par <floor>
            retard|décalage|délai {seconds} entre|par? <floor>
            {seconds} de? retard|décalage|délai""",
        "together": "tous? <floor> à_la_fois|en_même_temps|simultanément|ensemble",
        "dust_delay": """
            <dust> retardée|tard|après {seconds}
            <dust> {seconds} plus_tard|après|en_retard
            <dust> commenc*|arriv*|appar* {seconds} plus_tard|après|en_retard""",
        "dust_linger": "flott*|rest*|dur*|persist*|retomb*|stagn*|dissip* en|pendant|après? {seconds}",
        "dust_lingering": """
            {lasting} .. <dust>~
            <dust>~ .. {lasting}""",
        "trigger_frame": "<start>? à|en|dès|sur|au? image|frame|trame {int}",
        "trigger_seconds": """
            <start>? à|après|dès|au_bout_de|en {seconds}
            attend* {seconds}
            {seconds} après""",
        "pancake": """
            en_pile_d_assiettes|en_mille_feuille|en_mille_feuilles|en_galette|en_crêpe|en_crêpes|en_accordéon|pancake|étage_sur_étage|empil*""",
        "progressive": "progressif|progressive|progressivement|travée_par_travée",
        "topple": "bascul*|renvers*|culbut*|pench*|vers*_de_côté|inclin*",
        "topple_direction": "bascul*|renvers*|culbut*|pench*|tomb*|chut*|effondr*|écroul*|inclin* <building>~? de_côté? <to> {direction}",
        "partial": "partiel|partielle|partiellement",
        "rest": "reste tient|debout debout?",
        "part": """
            seul|seule|seulement? moitié|partie|côté|aile|section|tiers|coin|étages de|du? {part}""",
        "whole": "entier|entière|entièrement|complètement|totalement",
        "origin_ordinal": "<from>? {ordinal} <floor> cèd*|lâch*|romp*? abord|premier?",
        "storeys": """
            de? {int} <floor>
            nombre_d <floor> {int}""",
        "origin_number": "<from>? <floor> numéro? {int}",
        "origin_base": "<from>? rez_de_chaussée|rdc|base|fondations|pied|bas|sol",
        "origin_top": """
            depuis|par|à_partir_de|du dernier_étage|toit|toiture|sommet|haut en_bas|bas?
            de_haut_en_bas""",
        "origin_side": """
            <start>|depuis|part*|cède|par|à_partir_de à|sur|par|du|de|depuis? côté|extrémité|coin|bord {side}
            <start>|depuis|par|à_partir_de à|par? {side}
            de {side} à droite|gauche|centre""",
        "pace": "{pace}",
        "pace_times": """
            vitesse {times}
            {times} vitesse|plus_vite|plus_rapide""",
        "uneven": "irrégulier|irrégulière|irrégulièrement|inégal|inégalement|chaotique|chaotiquement",
        "even": "uniforme|uniformément|régulier|régulièrement|égal",
        "piece_metres": """
            <pieces> de|environ? {metres}
            {metres} <pieces>""",
        "piece_size": """
            {size} .. <pieces>~
            <pieces>~ .. {size}""",
        "piece_count": "{int} <pieces>",
        "piece_degree": "{degree} .. <pieces>~",
        "debris_times": "{times} plus_de? <debris>",
        "debris_size": """
            {size} .. <debris>~
            <debris>~ .. {size}""",
        "debris_degree": """
            {degree} .. <debris>~
            <debris>~ .. {degree}""",
        "debris_none": "<no> <debris>",
        "dust_times": """
            {times} plus_de? <dust>
            <dust> {times}""",
        "dust_weight": """
            {weight} .. <dust>~
            <dust>~ .. {weight}""",
        "dust_degree": """
            {degree} .. <dust>~
            <dust>~ .. {degree}""",
        "dust_heavy": "poussiéreux|poussiéreuse",
        "dust_bulk": """
            {bulk} .. <dust>~
            <dust>~ .. {bulk}""",
        "dust_none": "<no> <dust>",
        "dust_opacity": """
            {opacity} .. <dust>~
            <dust>~ .. {opacity}""",
        "dust_color": """
            {color} .. <dust>~
            <dust>~ .. {color}
            <dust>~ couleur {color}""",
        "dust_hex": """
            {hex} .. <dust>~
            <dust>~ de? couleur? {hex}
            couleur {hex}
            {hex}""",
        "dust_camera": """
            atteint|atteigne|atteindre|engloutit|engloutisse|enveloppe|avale|recouvre|arrive|vient jusqu|jusque|sur|à? caméra|objectif|spectateur|nous""",
        "dust_reach": "étend*|étal*|répand*|va|atteint|court {reach}",
        "drift": """
            <roll>|<wind> <roll>? <to> {direction}
            <wind>~ {mps}~? .. <to> {direction}""",
        "wind_from": "<wind>~ {mps}~? .. vien*|venant|souffl*? de|du|depuis {direction}",
        "wind_speed": """
            <wind> de|à? {mps}
            {mps} de? <wind>
            {mps}""",
        "wind_degree": """
            {breeze} .. <wind>~
            <wind>~ .. {breeze}""",
        "wind_none": """
            <no> <wind>
            air_calme|air_immobile""",
        "wind_angle": "<wind> cap|direction|à? {angle}",
        "storey_height": """
            <floor> de|font {metres} de_haut|de_hauteur?
            {metres} par <floor>
            hauteur d|des? <floor> {metres}""",
        "height": """
            {metres} de_haut|de_hauteur|haut|hauteur
            haut|haute|hauteur de? {metres}
            <building>~ de? {metres}""",
        "depth": """
            {metres} de_profondeur|de_profond|profondeur
            profond|profonde|profondeur de? {metres}""",
        "material": """
            en|de? {material} <building>~|<wall>~?
            <building>~|<wall>~ en|de {material}""",
        "wall_metres": """
            <wall> de|font? {metres} épaisseur|épais?
            {metres} épaisseur <wall>~?
            épaisseur <wall>~? {metres}""",
        "wall_degree": """
            <wall>~ .. {thickness}
            {thickness} .. <wall>~""",
        "slab_metres": "<slab> de? {metres} épaisseur?",
        "slab_degree": """
            <slab>~ .. {thickness}
            {thickness} .. <slab>~""",
        "sky": "ciel|jour|temps? {sky}",
        "sun_side": "soleil~|lumière {sun_height}~? vien*|venant|entr*|éclair*? de|du|à|sur? côté? {sun_side}",
        "sun_behind": "contre_jour|contrejour",
        "sun_azimuth": """
            azimut soleil? {angle}
            soleil azimut {angle}""",
        "sun_angle": "soleil élévation|hauteur|à|haut? {angle} hauteur|élévation|au_dessus_horizon?",
        "sun_height": "soleil~ .. {sun_height}",
        "focal": "focale|distance_focale {px}",
        "shutter": """
            obturateur {angle}
            angle_d_obturation {angle}""",
        "shake": "<shake>",
        "shake_px": """
            <shake> de? {px}
            {px} de? <shake>""",
        "shake_degree": """
            {degree} .. <shake>
            <shake> {degree}""",
        "shake_none": """
            <no> <shake>
            caméra fixe|immobile|stable|verrouillée""",
        "breath": "<breath>",
        "breath_none": """
            <no> <breath>
            exposition fixe|verrouillée""",
        "grain_degree": """
            {degree} .. grain
            grain~ {degree}""",
        "grain_none": "<no> grain",
        "softer": "plus_doux|moins_net",
        "sharper": "plus_net",
        "seed": "graine|germe numéro? {int}",
    },
)
