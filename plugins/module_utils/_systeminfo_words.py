# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The words that Windows' C(systeminfo.exe) prints, in English, Spanish, Portuguese, French and German.

They are Windows' own, odd ones included (C(Modelo el sistema)), or those of its documentation and of the tutorial. What
none of them shows is not here: a label that is missing is not recognized, which is safe, and one that is made up could
be wrong. The apostrophe is written plainly, because any kind of it reads the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

#: Stands for whatever is not plain ASCII, or was lost on the way through a console with another code page.
_ODD = "·"
_ODD_LETTERS = re.compile(r"(?:[^ -~]|[?'])+")


def skeleton(text: str) -> str:
    """Reduce words to what survives any code page: C(Sí) read as C(S¡), C(S?) or C(S├¡) are the same afterwards.

    :param text: as it was read.
    """
    return _ODD_LETTERS.sub(_ODD, " ".join(unicodedata.normalize("NFC", text).lower().split()))


def label_skeleton(text: str) -> str:
    """Reduce a label; French has a space before the colon, which may be one of another kind.

    :param text: what is before the colon.
    """
    return skeleton(text).strip(f" {_ODD}")


def _spellings(words: Iterable[str]) -> frozenset[str]:
    """Each word as Windows has it and without its accents, as people type it, reduced."""
    return frozenset(skeleton(spelling) for word in words for spelling in (word, _without_accents(word)))


def _without_accents(word: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKD", word) if not unicodedata.combining(letter))


#: Begins the block that says whether Hyper-V could run.
HYPERV_BLOCK = _spellings(
    [
        "Hyper-V Requirements",
        "Requisitos Hyper-V",
        "Requisitos de Hyper-V",
        "Requisitos do Hyper-V",
        "Configuration requise pour Hyper-V",
        "Anforderungen für Hyper-V",
    ]
)

#: Stands in the block in place of the requirements if a hypervisor runs.
HYPERVISOR_DETECTED = _spellings(
    [
        "A hypervisor has been detected",
        "Se detectó un hipervisor",
        "Se ha detectado un hipervisor",
        "Hipervisor detectado",
        "Un hyperviseur a été détecté",
        "Es wurde ein Hypervisor erkannt",
    ]
)

#: The requirements in the block.
REQUIREMENTS = {
    "monitor": _spellings(
        [
            "VM Monitor Mode Extensions",
            "Extensiones de modo de monitor de VM",
            "Extensão de Modo de Monitor VM",
            "Extensions de mode du moniteur d'ordinateur virtuel",
            "Erweiterungen für den VM-Überwachungsmodus",
        ]
    ),
    "firmware": _spellings(
        [
            "Virtualization Enabled In Firmware",
            "Se habilitó la virtualización en el firmware",
            "Compatibilidad con la virtualización en el firmware",
            "Virtualização Habilitada no Firmware",
            "Virtualisation activée dans le microprogramme",
            "Virtualisierung in Firmware aktiviert",
        ]
    ),
    "slat": _spellings(
        [
            "Second Level Address Translation",
            "Traducción de direcciones de segundo nivel",
            "Conversão de Endereços de Segundo Nível",
            "Traduction d'adresse de second niveau",
            "Adressübersetzung der zweiten Ebene",
        ]
    ),
    "dep": _spellings(
        [
            "Data Execution Prevention Available",
            "La prevención de ejecución de datos está disponible",
            "Protección de datos ejecutable disponible",
            "Prevenção de Execução de Dados Disponível",
            "Prévention de l'exécution des données disponible",
            "Datenausführungsverhinderung verfügbar",
        ]
    ),
}

YES = _spellings(["Yes", "Sí", "Sim", "Oui", "Ja"])
NO = _spellings(["No", "Não", "Non", "Nein"])

#: Begins the block that Windows 11 prints above the one of Hyper-V, and what it says if it is on.
VBS_BLOCK = _spellings(
    [
        "Virtualization-based security",
        "Seguridad basada en virtualización",
        "Segurança baseada em virtualização",
    ]
)
VBS_RUNNING = _spellings(["Status: Running", "Estado: En ejecución"])

#: Who made the machine and what it is, which tells a virtual machine from a real one.
MANUFACTURER = _spellings(
    [
        "System Manufacturer",
        "Fabricante del sistema",
        "Fabricante do sistema",
        "Fabricant du système",
        "Systemhersteller",
    ]
)
MODEL = _spellings(
    [
        "System Model",
        "Modelo el sistema",
        "Modelo del sistema",
        "Modelo do sistema",
        "Modèle du système",
        "Systemmodell",
    ]
)
BIOS = _spellings(["BIOS Version", "Versión del BIOS", "Versão do BIOS", "Version du BIOS", "BIOS-Version"])
