# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which profile of the AWS configuration files a stage of the chain runs as."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._access.config_file import parse
from ansible_collections.asesoria.serverless.plugins.module_utils._private_file import read_text

# Names and defaults of the files: AWS SDKs and Tools Reference Guide, "Location of the shared config and credentials
# files".
_FILES = {
    "AWS_SHARED_CREDENTIALS_FILE": ("~/.aws/credentials", "{name}"),
    "AWS_CONFIG_FILE": ("~/.aws/config", "profile {name}"),
}


def profile_exists(name: str, environment: Mapping[str, str]) -> bool:
    """Tell whether the AWS configuration files have a profile.

    :param name: the profile.
    :param environment: where the files' own variables are looked up.
    :raises ConfigFileError: The AWS SDKs can't read one of the files.
    :raises PrivateFileError: A file can't be read.
    """
    for variable, (default, section) in _FILES.items():
        path = Path(environment.get(variable) or default).expanduser()
        parser = parse(read_text(path) or "", path=path)
        if parser.has_section(name if name == "default" else section.format(name=name)):
            return True
    return False


def choose_environment(
    stage: Mapping[str, str], admin: Mapping[str, str], *, fallback: bool, process: Mapping[str, str]
) -> dict[str, str]:
    """Choose what a stage's tasks have in their environment.

    :param stage: the environment of every stage after the user was made; its C(AWS_PROFILE) names that user's profile.
    :param admin: the environment of who makes the user.
    :param fallback: whether C(admin) serves where the profile that C(stage) names is not there (yet, or any more).
    :param process: the environment of this process, beneath the two others.
    :raises ServerlessError: see :func:`profile_exists`.
    """
    name = stage.get("AWS_PROFILE", "")
    if not fallback or not name or profile_exists(name, {**process, **stage}):
        return dict(stage)
    return dict(admin)
