"""Spanish."""

from derrumbe.brief.language import language

WORDS = {
    "dust": "polvo polvareda polvaredas nube_de_polvo nubes_de_polvo polvillo",
    "debris": "escombros escombro cascotes cascote esquirlas gravilla grava",
    "pieces": "piezas pieza fragmentos fragmento trozos trozo pedazos pedazo bloques bloque",
    "floor": "planta plantas piso pisos nivel niveles",
    "building": "edificio casa torre bloque_de_pisos iglesia castillo palacio fachada inmueble",
    "wall": "muro muros pared paredes",
    "slab": "forjado forjados losa losas",
    "wind": "viento brisa",
    "breath": "exposición_automática autoexposición",
    "shake": """
        temblor_de_camara vibracion_de_camara camara_tiembl* tiembl*_camara camara_temblorosa camara_vibr*
        sacud*_camara sacudida_de_camara temblor sacudida camara_en_mano movimiento_de_camara""",
    "no": "sin ningun ninguna cero nada_de",
    "from": "desde de en por a_partir_de empez*_por comenz*_por",
    "to": "hacia a rumbo_a",
    "roll": "rod* rued* deriv* arrastr* mov* muev* avanz* fluy* extend* extiend* sopl* empuj* desplaz*",
    "start": "empez* empiez* comenz* comienz* arranc* dispar* inici*",
}

LANGUAGE = language(
    "es",
    stops="""
        el la los las lo un una unos unas de del a al en por con para se su sus es son esta estan este esta esto
        ese esa eso que como mientras cuando desde hasta hacia entre todo toda todos todas solo solamente
        aproximadamente unos casi sea sean debe deben haya hay tiene tenga me te le nos quiero queremos cada
        donde luego entonces ya tambien sobre alrededor o u uno ser estar fue era muy bastante""",
    neutral="""
        implo* piso_por_piso planta_por_planta uno_tras_otro
        derrumb* colaps* cae caen caer caiga caigan cayendo caida hund* desplom* desmoron* edificio casa torre
        iglesia castillo palacio fachada inmueble empez* empiez* comenz* comienz* arranc* dispar* inici* falla
        fallan fallar fallo falle rompe rompen romper rotura plano toma imagen vertical* demoli* destru* camara
        ocurr* sol luz cielo polvo escombros viento plantas planta piso pisos piezas fragmentos nube nubes rueda
        rodar muros paredes ceder cede ceden""",
    negators="no sin nunca ni nada tampoco ningun ninguna cero",
    joiners="y e pero luego mas",
    numbers={
        0: "cero",
        1: "uno un una",
        2: "dos",
        3: "tres",
        4: "cuatro",
        5: "cinco",
        6: "seis",
        7: "siete",
        8: "ocho",
        9: "nueve",
        10: "diez",
        11: "once",
        12: "doce",
        13: "trece",
        14: "catorce",
        15: "quince",
        16: "dieciséis",
        17: "diecisiete",
        18: "dieciocho",
        19: "diecinueve",
        20: "veinte",
        21: "veintiuno veintiún veintiuna",
        22: "veintidós",
        23: "veintitrés",
        24: "veinticuatro",
        25: "veinticinco",
        26: "veintiséis",
        27: "veintisiete",
        28: "veintiocho",
        29: "veintinueve",
        30: "treinta",
        40: "cuarenta",
        50: "cincuenta",
        60: "sesenta",
        70: "setenta",
        80: "ochenta",
        90: "noventa",
        100: "cien ciento",
        200: "doscientos doscientas",
        300: "trescientos trescientas",
        400: "cuatrocientos cuatrocientas",
        500: "quinientos quinientas",
        600: "seiscientos seiscientas",
        700: "setecientos setecientas",
        800: "ochocientos ochocientas",
        900: "novecientos novecientas",
        1000: "mil",
    },
    articles="un una",
    halves="medio media",
    and_a_half="y_medio y_media",
    ordinals={
        1: "primero primera primer",
        2: "segundo segunda",
        3: "tercero tercera tercer",
        4: "cuarto cuarta",
        5: "quinto quinta",
        6: "sexto sexta",
        7: "séptimo séptima",
        8: "octavo octava",
        9: "noveno novena",
        10: "décimo décima",
        11: "undécimo undécima",
        12: "duodécimo duodécima",
    },
    ordinal_endings="a o er ra ro do da ta to va vo ma mo",
    units={
        "seconds": {1: "s seg segs segundo segundos", 0.001: "ms milisegundo milisegundos", 60: "min minuto minutos"},
        "metres": {
            1: "m metro metros",
            0.01: "cm centímetro centímetros",
            0.001: "mm milímetro milímetros",
            0.3048: "pie pies ft",
            0.0254: "pulgada pulgadas",
        },
        "mps": {
            1: "m_s m_por_segundo metro_por_segundo metros_por_segundo",
            1 / 3.6: "km_h kmh km_por_hora kilómetros_por_hora",
            0.44704: "mph millas_por_hora",
            0.514444: "kt nudo nudos",
        },
        "angle": {1: "° grado grados"},
        "px": {1: "px píxel píxeles pixels pixeles"},
        "times": {1: "x × veces", 0.01: "% por_ciento"},
    },
    intensifiers={
        1.6: "muy bien tan",
        2.2: "extremadamente super sumamente",
        0.5: "ligeramente un_poco algo un_tanto moderadamente",
        1.0: "bastante más menos",
    },
    classes={
        "direction": {
            "left": "izquierda",
            "right": "derecha",
            "towards": "cámara espectador nosotros delante adelante calle",
            "away": "atrás fondo detrás lejos_de_cámara",
        },
        "side": {"left": "izquierd*", "right": "derech*", "centre": "centro central"},
        "part": {"left": "izquierd*", "right": "derech*", "upper": "superior superiores alta de_arriba arriba"},
        "pace": {
            0.5: "lento lenta lentamente despacio gradual gradualmente pausad* poco_a_poco",
            1.8: """
                rápid* rápidamente deprisa veloz velozmente súbit* súbitamente brusc* bruscamente de_golpe
                repentin*""",
        },
        "degree": {
            2.0: """
                mucho mucha muchos muchas abundante abundantes fuerte pesado pesada cantidad_de gran_cantidad_de
                doble el_doble_de intens* copios*""",
            3.0: "muchísimo muchísima muchísimos muchísimas toneladas_de masiv* enorme",
            1.5: "más extra adicional",
            0.5: """
                poco poca pocos pocas ligero ligera ligeros ligeras escaso escasa escasos leve mitad mitad_de
                no_mucho no_mucha no_demasiado no_demasiada menos""",
            0.7: "moderado moderada un_poco_de algo_de",
            1.0: "normal medio media",
        },
        "weight": {2.0: "pesado pesada pesados pesadas"},
        "bulk": {2.0: "gran grande grandes inmensa inmenso enormes", 0.5: "pequeña pequeño pequeñas pequeños"},
        "size": {
            2.0: "grande grandes gran grueso gruesos gruesa gruesas",
            0.5: "pequeño pequeña pequeños pequeñas fino finos fina finas menudo menudos diminut*",
        },
        "opacity": {2.0: "denso densa espeso espesa opaco opaca", 0.5: "tenue translúcid* transparente fino fina"},
        "reach": {1.8: "lejos ampliamente ancho mucho por_todas_partes", 0.5: "cerca poco cerca_de_base"},
        "lasting": {2.0: "persistente persistentes duradero duradera suspendid*", 0.5: "efímero efímera breve"},
        "thickness": {
            1.7: "grueso gruesos gruesa gruesas ancho anchos anchas",
            0.6: "delgado delgados delgada delgadas fino finos fina finas",
        },
        "breeze": {
            2.0: "suave ligero ligera flojo floja leve poco poca",
            5.0: "moderado moderada algo_de",
            9.0: "fuerte intenso mucho",
            15.0: "vendaval huracanado violento",
        },
        "color": {
            "#d8cfc0": "claro clara pálido pálida",
            "#5a544c": "oscuro oscura",
            "#e6e2da": "blanco blanca blanquecin*",
            "#9a9690": "gris grisáce*",
            "#c4c1bb": "gris_claro gris_clara",
            "#5f5c58": "gris_oscuro gris_oscura",
            "#8a6f55": "marrón pardo parda café",
            "#5e4936": "marrón_oscuro",
            "#a0664c": "rojo roja rojizo rojiza de_ladrillo terracota",
            "#c2a066": "amarillo amarilla amarillent* ocre",
            "#cdbb9c": "beige arena crema",
            "#2e2b28": "negro negra negruzc*",
            "#b9794a": "naranja anaranjad*",
            "auto": "del_color_de_la_fachada",
        },
        "material": {
            "brick": "ladrillo ladrillos",
            "concrete": "hormigón concreto cemento",
            "stone": "piedra piedras mampostería sillería granito caliza",
            "timber": "madera",
        },
        "sky": {"overcast": "nublado cubierto encapotado nuboso", "clear": "despejado soleado cielo_azul raso"},
        "sun_side": {
            270: "izquierda",
            90: "derecha",
            0: "detrás_de_edificio detrás_edificio detrás_de_casa detrás_de_torre detrás_de_iglesia detrás",
            180: "detrás_de_cámara frente espalda",
        },
        "sun_height": {12: "bajo poniente rasante", 60: "alto cenital mediodía"},
    },
    words=WORDS,
    patterns={
        "storey_delay": """
            {seconds} de? retraso|retardo|diferencia? entre|por|cada <floor>
            retraso|retardo {seconds} entre|por|cada? <floor>
            {seconds} de? retraso|retardo""",
        "together": "todas|todos? <floor> a_la_vez|al_mismo_tiempo|simultáneamente|de_una_vez",
        "dust_delay": """
            <dust> retras*|tarde|después {seconds}
            <dust> {seconds} después|más_tarde|tarde
            <dust> empez*|empiez*|aparec*|lleg*|comenz*|comienz* {seconds} después|más_tarde|tarde""",
        "dust_linger": "flot*|qued*|dur*|tard*|permanec*|suspendido|posa*|asient*|disip* en|durante|tras? {seconds}",
        "dust_lingering": """
            {lasting} .. <dust>~
            <dust>~ .. {lasting}""",
        "trigger_frame": "<start>? en|a|desde|al? fotograma|cuadro|frame {int}",
        "trigger_seconds": """
            <start>? a|en|después|tras|desde|pasados|al_cabo {seconds}
            espera* {seconds}
            {seconds} después""",
        "pancake": """
            en|tipo|efecto? tortita|tortitas|panqueque|acordeón
            apilad*
            piso_sobre_piso|planta_sobre_planta""",
        "progressive": "progresiv*|progresivamente|vano_a_vano",
        "topple": "vuelc*|volc*|vuelque|tumb*|desplome_lateral|bascul*|inclin*",
        "topple_direction": "vuelc*|volc*|tumb*|cae|caiga|caer|cayendo|desplom*|bascul*|inclin*|derrumb* <building>~? de_lado? <to> {direction}",
        "partial": "parcial|parcialmente",
        "rest": "resto queda|permanece|sigue|aguanta de_pie|en_pie|pie?",
        "part": """
            solo|solamente|sólo? mitad|parte|lado|ala|sección|zona|esquina|plantas|pisos|tercio {part}
            solo|solamente|sólo? mitad|parte|lado|ala de {part}""",
        "whole": "entero|completo|enteramente|por_completo|completamente",
        "origin_ordinal": """
            <from>? {ordinal} <floor> falla*|cede*? primero?
            <from>? <floor> {ordinal}""",
        "storeys": """
            de? {int} <floor>
            número_de <floor> {int}""",
        "origin_number": "<from>? <floor> número? {int}",
        "origin_base": "<from>? planta_baja|base|cimientos|suelo|bajos|abajo_arriba|abajo",
        "origin_top": """
            desde|por último_piso|última_planta|arriba|tejado|azotea|cubierta|cima|alto abajo?
            arriba_abajo""",
        "origin_side": """
            <start>|desde|falla* en|por|desde? lado|extremo|esquina|costado {side}
            desde|<start> por|en? {side}
            de {side} a izquierda|derecha|centro""",
        "pace": "{pace}",
        "pace_times": """
            velocidad {times}
            {times} velocidad|más_rápido""",
        "uneven": "irregular|irregularmente|desigual|desigualmente|caótic*|caóticamente",
        "even": "uniforme|uniformemente|regular|regularmente|parej*",
        "piece_metres": """
            <pieces> de|unos? {metres}
            {metres} <pieces>""",
        "piece_size": """
            {size} .. <pieces>~
            <pieces>~ .. {size}""",
        "piece_count": "{int} <pieces>",
        "piece_degree": "{degree} .. <pieces>~",
        "debris_times": "{times} más? <debris>",
        "debris_size": """
            {size} .. <debris>~
            <debris>~ .. {size}""",
        "debris_degree": """
            {degree} .. <debris>~
            <debris>~ .. {degree}""",
        "debris_none": "<no> <debris>",
        "dust_times": """
            {times} más? <dust>
            <dust> {times}""",
        "dust_weight": """
            {weight} .. <dust>~
            <dust>~ .. {weight}""",
        "dust_degree": """
            {degree} .. <dust>~
            <dust>~ .. {degree}""",
        "dust_heavy": "polvorient*",
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
            <dust>~ de? color {color}""",
        "dust_hex": """
            {hex} .. <dust>~
            <dust>~ de? color? {hex}
            color {hex}
            {hex}""",
        "dust_camera": """
            llega*|alcan*|envuelv*|trag*|cubr*|engull* hasta|sobre|a? cámara|objetivo|espectador|nosotros""",
        "dust_reach": "extiend*|extend*|llega*|corr* {reach}",
        "drift": """
            <roll>|<wind>|va|yendo <roll>? <to> {direction}
            <wind>~ {mps}~? .. <to> {direction}""",
        "wind_from": "<wind>~ {mps}~? .. vien*|sopl*|procedente? desde|de|por {direction}",
        "wind_speed": """
            <wind> de|a? {mps}
            {mps} de? <wind>
            {mps}""",
        "wind_degree": """
            {breeze} .. <wind>~
            <wind>~ .. {breeze}""",
        "wind_none": """
            <no> <wind>
            aire_quieto|aire_en_calma|en_calma""",
        "wind_angle": "<wind> rumbo|dirección|a? {angle}",
        "storey_height": """
            <floor> de {metres} de_alto|de_altura?
            {metres} por|cada <floor>
            altura_de <floor> {metres}""",
        "height": """
            {metres} de_alto|de_altura|alto|altura|de_alta
            altura|alto de? {metres}
            <building>~ de? {metres}""",
        "depth": """
            {metres} de_fondo|de_profundidad|de_profundo|profundidad|fondo
            profundidad|fondo de? {metres}""",
        "material": """
            hecho|construid*? de? {material} <building>~|<wall>~?
            <building>~|<wall>~ de {material}""",
        "wall_metres": """
            <wall> de? {metres} espesor|grosor|grueso?
            {metres} espesor|grosor <wall>~?
            espesor|grosor <wall>~? {metres}""",
        "wall_degree": """
            <wall>~ .. {thickness}
            {thickness} .. <wall>~""",
        "slab_metres": "<slab> de? {metres} espesor|grosor|canto?",
        "slab_degree": "<slab>~ .. {thickness}",
        "sky": "cielo|día|tiempo|luz? {sky}",
        "sun_side": "sol~|luz {sun_height}~? vien*|entra*|desde|por|a|de|ilumin*? lado? {sun_side}",
        "sun_behind": "contraluz",
        "sun_azimuth": """
            azimut de|del? sol? {angle}
            sol azimut {angle}""",
        "sun_angle": "sol elevación|altura|elevado|a|alto? {angle} elevación|altura|sobre_horizonte?",
        "sun_height": "sol~ .. {sun_height}",
        "focal": "focal|distancia_focal {px}",
        "shutter": """
            obturador {angle}
            ángulo_de_obturación {angle}""",
        "shake": "<shake>",
        "shake_px": """
            <shake> de? {px}
            {px} de? <shake>""",
        "shake_degree": """
            {degree} .. <shake>
            <shake> {degree}""",
        "shake_none": """
            <no> <shake>
            cámara fija|quieta|estable|estática|bloqueada""",
        "breath": "<breath>",
        "breath_none": """
            <no> <breath>
            exposición fija|bloqueada""",
        "grain_degree": """
            {degree} .. grano
            grano~ {degree}""",
        "grain_none": "<no> grano",
        "softer": "más_suave|menos_nítid*",
        "sharper": "más_nítid*",
        "seed": "semilla número? {int}",
    },
)
