# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The environment in which a stage talks to AWS: that of the administrator, or that of the chain's user."""

from __future__ import annotations

from collections.abc import Mapping

PROFILE = "AWS_PROFILE"
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
#: Variables that say who calls. AWS SDKs and Tools Reference Guide, "Settings reference", read on 2026-12-01.
_CREDENTIALS = frozenset(
    {
        *_KEYS,
        PROFILE,
        "AWS_DEFAULT_PROFILE",
        "AWS_SECURITY_TOKEN",
        "AWS_ROLE_ARN",
        "AWS_ROLE_SESSION_NAME",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    }
)


def user_environment(
    given: Mapping[str, str], admin: Mapping[str, str], *, profile: str, region: str, create_user: bool
) -> dict[str, str]:
    """Return the environment of the stages after the one that makes the user.

    :param given: The environment that the settings give; empty to derive it.
    :param admin: The administrator's environment.
    :param profile: Name of the user's profile.
    :param region: Region of the service.
    :param create_user: Whether the chain makes a user.
    """
    if not create_user:
        return dict(given or admin)
    if given:
        return dict(given) if {PROFILE, *_KEYS} & set(given) else {**given, PROFILE: profile}
    kept = {name: value for name, value in admin.items() if name not in _CREDENTIALS}
    # The empty ones keep keys of the shell from winning over the profile.
    return {
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        **kept,
        PROFILE: profile,
        **dict.fromkeys(_KEYS, ""),
    }


def profile_problem(given: Mapping[str, str], *, profile: str) -> str:
    """Describe why a given environment does not fit the profile; empty if it does.

    :param given: The environment that the settings give.
    :param profile: Name of the profile that the settings give; empty for none.
    """
    found = given.get(PROFILE, "")
    if not found or not profile or found == profile:
        return ""
    return f"its {PROFILE} is {found!r}, and asesoria_profile is {profile!r}"
