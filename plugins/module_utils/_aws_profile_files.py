# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A profile in both AWS configuration files: what is there, what should be, and how to get from one to the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._access.config_file import parse
from ansible_collections.asesoria.serverless.plugins.module_utils._aws_profile import (
    Kind,
    ProfileFileError,
    Section,
    check_name,
    find_profile,
    first_line,
    folders_of_leftover,
    put_profile,
    remove_profile,
    section_name,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._base.file_lock import exclusive
from ansible_collections.asesoria.serverless.plugins.module_utils._private_file import (
    ChangedError,
    is_open_to_others,
    missing_folders,
    read_text,
    remove_file,
    remove_folders,
    remove_leftovers,
    write_text,
)

KEY_ID = "aws_access_key_id"
SECRET = "aws_secret_access_key"  # noqa: S105 - the option's name
HIDDEN = "********"
# How often a plan is made again because another program has changed a file meanwhile, and the pause between.
_ATTEMPTS = 20
_ATTEMPT_PAUSE = 0.05

# Variables and places of the files: AWS SDKs and Tools Reference Guide, "Location of the shared config and credentials
# files"; botocore's session and configprovider have them too.
_PLACES = {
    Kind.CREDENTIALS: ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
    Kind.CONFIG: ("AWS_CONFIG_FILE", "~/.aws/config"),
}


@dataclass(frozen=True)
class Files:
    """Where the two files are.

    :param credentials: Path of the credentials file.
    :param config: Path of the config file.
    :param missing: How many folders of each file are missing, if that was counted before some of them were made.
    """

    credentials: Path
    config: Path
    missing: Mapping[Kind, int] | None = None

    def missing_folders(self, kind: Kind) -> int:
        """Count the folders that have to be made for one file."""
        return missing_folders(self.path(kind)) if self.missing is None else self.missing[kind]

    def path(self, kind: Kind) -> Path:
        """The file of one kind."""
        return self.credentials if kind is Kind.CREDENTIALS else self.config


@dataclass(frozen=True)
class Profile:
    """What the files say of a profile; never its secret.

    :param exists: whether one of the files has a section for it.
    :param access_key_id: its access key, None if it has none of its own (single sign-on, roles, processes).
    :param owner: who it was written for; None if it was not written here, or if its key was replaced by hand since.
    :param region: its region, None if it has none.
    :param output: its output format, None if it has none.
    """

    exists: bool
    access_key_id: str | None
    owner: str | None
    region: str | None
    output: str | None


@dataclass(frozen=True)
class Change:
    """What is to be done with one file.

    :param path: the file.
    :param old: its content as it is; empty if there is no file.
    :param text: its new content; None to remove it.
    :param folders: how many folders go with the file when it is removed.
    :param before: the profile's section as it is, without its secret.
    :param after: the profile's section as it will be, without its secret.
    """

    path: Path
    old: str
    text: str | None
    folders: int
    before: str
    after: str

    def diff(self) -> dict[str, str]:
        """The same as Ansible shows differences."""
        return {
            "before_header": str(self.path),
            "after_header": str(self.path),
            "before": self.before,
            "after": self.after,
        }


def locate(environment: Mapping[str, str], *, credentials: str | None = None, config: str | None = None) -> Files:
    """Find out where the AWS configuration files are.

    :param environment: where the variables C(AWS_SHARED_CREDENTIALS_FILE) and C(AWS_CONFIG_FILE) are looked up.
    :param credentials: this file instead.
    :param config: this file instead.
    """
    given = {Kind.CREDENTIALS: credentials, Kind.CONFIG: config}
    paths = {
        kind: Path(given[kind] or environment.get(variable) or place).expanduser().absolute()
        for kind, (variable, place) in _PLACES.items()
    }
    return Files(credentials=paths[Kind.CREDENTIALS], config=paths[Kind.CONFIG])


def describe(files: Files, name: str) -> Profile:
    """Read what the files say of a profile.

    :param files: where they are.
    :param name: the profile.
    :raises ProfileFileError: the name is none.
    :raises ConfigFileError: the AWS SDKs can't read a file.
    :raises PrivateFileError: a file can't be read.
    """
    return _describe(_sections(_read(files), name))


def _describe(sections: Mapping[Kind, Section | None]) -> Profile:
    options = _options(sections)
    credentials, config = sections[Kind.CREDENTIALS], sections[Kind.CONFIG]
    return Profile(
        exists=any(sections.values()),
        access_key_id=options.get(KEY_ID),
        owner=_owner(credentials) if credentials else config.owner if config else None,
        region=options.get("region"),
        output=options.get("output"),
    )


def read_key(files: Files, name: str) -> tuple[str, str]:
    """Read the access key of a profile and its secret.

    :param files: where the files are.
    :param name: the profile.
    :raises ProfileFileError: the name is none; the profile has not both of them.
    :raises PrivateFileError: a file can't be read.
    """
    options = _options(_sections(_read(files), name))
    if KEY_ID not in options or SECRET not in options:
        raise ProfileFileError(
            f"the AWS profile {name!r} in {files.credentials} has no {SECRET if KEY_ID in options else KEY_ID}",
            "Mend the profile, or take it away and let another key be made",
        )
    return options[KEY_ID], options[SECRET]


def read_key_for(files: Files, name: str, *, owner: str) -> tuple[str, str]:
    """The same of a profile that was written for somebody.

    :param files: where the files are.
    :param name: the profile.
    :param owner: who the profile was written for.
    :raises ProfileFileError: likewise, or it was written for somebody else.
    :raises PrivateFileError: a file can't be read.
    """
    if describe(files, name).owner != owner:
        raise ProfileFileError(
            f"the AWS profile {name!r} in {files.credentials} and {files.config} is not one that was made for {owner}",
            "Name the profile that has the key of this user",
        )
    return read_key(files, name)


def plan_present(
    files: Files, name: str, *, key_id: str, secret: str | None, settings: Mapping[str, str], owner: str
) -> list[Change]:
    """Plan to let a profile have this key and these settings.

    :param files: where the files are.
    :param name: the profile.
    :param key_id: identifier of the access key.
    :param secret: its secret; None if the profile has the key already.
    :param settings: options of the profile in the config file.
    :param owner: who the profile is for, one line. A profile that was written for somebody else, or not here, is never
        touched; if it has this very key, it serves as it is.
    :raises ProfileFileError: the name is none; the profile is somebody else's; the secret is needed and not given.
    :raises PrivateFileError: a file can't be read.
    """
    texts = _read(files)
    profile = _describe(_sections(texts, name))
    if profile.exists and profile.access_key_id != key_id and profile.owner != owner:
        raise ProfileFileError(
            f"the AWS profile {name!r} in {files.credentials} and {files.config} is not one that was made for {owner}",
            "It is left as it is; choose another name for the new profile",
        )
    if secret is None and profile.access_key_id != key_id:
        raise ProfileFileError(
            f"the AWS profile {name!r} in {files.credentials} does not have the access key {key_id}",
            "Give the secret of the key too",
        )
    if profile.exists and profile.owner != owner:
        return []
    values = {KEY_ID: key_id} if secret is None else {KEY_ID: key_id, SECRET: secret}
    changes = [
        _put(files, Kind.CREDENTIALS, name, values, texts, owner=f"{owner}, key {key_id}"),
        _put(files, Kind.CONFIG, name, settings, texts, owner=owner),
    ]
    return [change for change in changes if change is not None]


def plan_absent(files: Files, name: str, *, owner: str) -> list[Change]:
    """Plan to take a profile out of the files, and the files away if they were made for it.

    The credentials go last: they say whose profile it is, to a run that takes up where this one was killed.

    :param files: where the files are.
    :param name: the profile.
    :param owner: who the profile was written for; one that is somebody else's is left as it is.
    :raises ProfileFileError: the name is none.
    :raises ConfigFileError: the AWS SDKs can't read a file.
    :raises PrivateFileError: a file can't be read.
    """
    texts = _read(files)
    if _describe(_sections(texts, name)).owner != owner:
        return []
    changes = []
    for kind in (Kind.CONFIG, Kind.CREDENTIALS):
        old = texts[kind]
        if old is None:
            continue
        new = remove_profile(old, name, kind=kind)
        folders = folders_of_leftover(new)
        if new != old or folders is not None:
            text = new if folders is None else None
            before = _show(old, name, kind)
            changes.append(
                Change(path=files.path(kind), old=old, text=text, folders=folders or 0, before=before, after="")
            )
    return changes


def change_files(files: Files, plan: Callable[[Files], list[Change]]) -> list[Change]:
    """Do what is planned, while no other run changes the files.

    The files are read again under the lock. A program that does not know the lock, such as the AWS CLI, can write at
    any time. So each file is compared with the plan right before it is replaced, and the plan is made again if it has
    changed.

    :param files: Paths of the files.
    :param plan: Function that reads the files and returns the changes; see :func:`plan_present` and
        :func:`plan_absent`.
    :returns: The changes that were made.
    :raises PrivateFileError: A file can't be written, or another program keeps changing it.
    :raises LockError: Another run keeps the lock.
    """
    if not plan(files):
        return []
    # The lock needs the folders.
    counted = replace(files, missing={kind: files.missing_folders(kind) for kind in Kind})
    done: list[Change] = []
    with exclusive(files.credentials, files.config):
        for attempt in range(_ATTEMPTS):
            try:
                for change in plan(counted):
                    _apply(change)
                    done.append(change)
                break
            except ChangedError:
                if attempt == _ATTEMPTS - 1:
                    raise
                time.sleep(_ATTEMPT_PAUSE)
    # The lock's own file has gone from them by now.
    for change in done:
        if change.text is None:
            remove_folders(change.path, count=change.folders)
    return done


def _apply(change: Change) -> None:
    """Replace or remove one file, in one step."""
    if change.text is None:
        remove_file(change.path, expected=change.old)
    else:
        write_text(change.path, change.text, expected=change.old)


def clean_up(files: Files) -> bool:
    """Remove what a run that was killed while it wrote has left beside the files.

    :param files: where they are.
    :returns: whether there was something.
    :raises PrivateFileError: it can't be removed.
    """
    removed = [remove_leftovers(files.path(kind)) for kind in Kind]
    return any(removed)


def exposed(files: Files) -> bool:
    """Tell whether others may read the secrets.

    :param files: where the files are.
    """
    return is_open_to_others(files.credentials)


def _read(files: Files) -> dict[Kind, str | None]:
    """Read both files, which the AWS SDKs have to be able to read as well."""
    texts = {kind: read_text(files.path(kind)) for kind in Kind}
    for kind, text in texts.items():
        parse(text or "", path=files.path(kind))
    return texts


def _sections(texts: Mapping[Kind, str | None], name: str) -> dict[Kind, Section | None]:
    check_name(name)
    return {kind: find_profile(text or "", name, kind=kind) for kind, text in texts.items()}


def _options(sections: Mapping[Kind, Section | None]) -> dict[str, str]:
    """The options of both files; those of the credentials file win."""
    options: dict[str, str] = {}
    for section in sections.values():
        options = {**(section.options if section else {}), **options}
    return options


def _put(
    files: Files, kind: Kind, name: str, values: Mapping[str, str], texts: Mapping[Kind, str | None], *, owner: str
) -> Change | None:
    path = files.path(kind)
    old = texts[kind]
    start = first_line(folders=files.missing_folders(kind)) if old is None else old
    new = put_profile(start, name, values, kind=kind, owner=owner)
    if new == old:
        return None
    before, after = _show(old or "", name, kind), _show(new, name, kind)
    if before == after:
        after += "# the secret is another one\n"
    return Change(path=path, old=old or "", text=new, folders=0, before=before, after=after)


def _show(text: str, name: str, kind: Kind) -> str:
    """The profile as a diff may show it."""
    section = find_profile(text, name, kind=kind)
    if section is None:
        return ""
    shown = {key: HIDDEN if "secret" in key or "token" in key else value for key, value in section.options.items()}
    return "".join([f"[{section_name(name, kind)}]\n", *(f"{key} = {value}\n" for key, value in shown.items())])


def _owner(section: Section) -> str | None:
    """Who the credentials are for; a key that is not the one of the comment was put there by hand."""
    owner, _comma, key = (section.owner or "").rpartition(", key ")
    return owner if owner and key == section.options.get(KEY_ID) else None
