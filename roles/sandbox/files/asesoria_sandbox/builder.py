# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The builder: an SSH server on loopback, unprivileged, with a disk and a user namespace of its own."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from asesoria_sandbox import interpreters, jail
from asesoria_sandbox.settings import SandboxError, Settings

USER = "ec2-user"
_ID = 1000
_HOME = f"/home/{USER}"
#: Directories of the disk and where the builder sees them; there alone it can write.
_WRITABLE = {
    "home": _HOME,
    "usr-local": "/usr/local",
    "opt": "/opt",
    "tmp": "/tmp",  # noqa: S108  # the builder's own, not the host's
    "var-tmp": "/var/tmp",  # noqa: S108  # likewise
}
#: The machine's own key, on its disk.
HOST_KEY = "etc/ssh/ssh_host_ed25519_key"
#: No group C(tty), or sshd would try to give the terminal to it, which takes root.
_ETC = {
    "passwd": (
        f"root:x:0:0::/root:/sbin/nologin\nsshd:x:74:74::/run:/sbin/nologin\n{USER}:x:{_ID}:{_ID}::{_HOME}:/bin/bash\n"
    ),
    "group": f"root:x:0:\nsshd:x:74:\n{USER}:x:{_ID}:\n",
}
#: Beginnings of the names of environment variables that say how to reach a package index.
_NETWORK = (
    *("PIP_", "SSL_CERT_", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"),
)
#: The user's own settings of pip, below the home directory.
_PIP_FILES = (".config/pip/pip.conf", ".pip/pip.conf")


@dataclass(frozen=True)
class Machine:
    """What is to be booted.

    :param instance: its id in EC2.
    :param public_key: who may log in, as a line of C(authorized_keys).
    """

    instance: str
    public_key: str

    @property
    def address(self) -> str:
        """A loopback address of its own, as all machines have the same port."""
        return "127." + ".".join(str(1 + byte % 254) for byte in hashlib.sha256(self.instance.encode()).digest()[:3])

    def disk(self, settings: Settings) -> Path:
        """The directory with all that the machine writes."""
        return settings.machines / self.instance


def install(machine: Machine, settings: Settings) -> Path:
    """Make a machine's disk, unless it is there.

    :returns: the disk.
    :raises SandboxError: no host key could be made.
    """
    disk = machine.disk(settings)
    for name in (*_WRITABLE, "etc/ssh"):
        (disk / name).mkdir(parents=True, exist_ok=True)
    for directory in ("bin", "include", "lib", "share", "src"):
        (disk / "usr-local" / directory).mkdir(exist_ok=True)
    for name, content in _ETC.items():
        (disk / "etc" / name).write_text(content, encoding="ascii")
    ssh = disk / "etc/ssh"
    (ssh / "authorized_keys").write_text(machine.public_key.strip() + "\n", encoding="ascii")
    (ssh / "sshd_config").write_text(sshd_config(machine.address, settings.ssh_port), encoding="ascii")
    key = disk / HOST_KEY
    if not key.exists():
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", machine.instance, "-f", os.fspath(key)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise SandboxError(f"ssh-keygen made no host key: {done.stderr.strip()}")
    _write_home(disk / "home")
    return disk


def sshd_config(address: str, port: int) -> str:
    """An SSH server that lets one user in, by key alone, and forwards nothing."""
    return "\n".join(
        (
            f"Port {port}",
            f"ListenAddress {address}",
            f"HostKey /{HOST_KEY}",
            "AuthorizedKeysFile /etc/ssh/authorized_keys",
            f"AllowUsers {USER}",
            "AuthenticationMethods publickey",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "UsePAM no",
            "# The files belong to whoever runs the sandbox, which is not how sshd wants them.",
            "StrictModes no",
            "PermitUserEnvironment yes",
            "DisableForwarding yes",
            "UseDNS no",
            "PrintMotd no",
            "PrintLastLog no",
            "PidFile none",
            "MaxSessions 50",
            "MaxStartups 50",
            "Subsystem sftp internal-sftp",
            "",
        )
    )


def _write_home(home: Path) -> None:
    """Give the user what the control node's user has to reach a package index."""
    own = Path.home()
    for name in _PIP_FILES:
        source, target = own / name, home / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            target.chmod(0o600)
    environment = home / ".ssh/environment"
    environment.parent.mkdir(mode=0o700, exist_ok=True)
    environment.touch(mode=0o600)
    environment.write_text(
        "".join(f"{name}={value}\n" for name, value in network_environment().items()), encoding="utf-8"
    )


def network_environment() -> dict[str, str]:
    """The environment variables of this process that say how to reach a package index."""
    return {
        name: value for name, value in os.environ.items() if name.upper().startswith(_NETWORK) and "\n" not in value
    }


def command(machine: Machine, settings: Settings) -> list[str]:
    """The arguments of bubblewrap that run a machine whose disk is there."""
    disk = machine.disk(settings)
    etc = [part for name in (*_ETC, "ssh") for part in jail.read_only(disk / "etc" / name, f"/etc/{name}")]
    places = [part for name, target in _WRITABLE.items() for part in jail.writable(disk / name, target)]
    return [
        shutil.which("bwrap") or "bwrap",
        *jail.system(),
        *("--ro-bind-try", "/etc/pip.conf", "/etc/pip.conf"),
        *etc,
        *jail.namespaces(user=_ID, group=_ID, hostname="lambda-builder"),
        *("--tmpfs", "/run"),
        *places,
        *_named_files(),
        *_pythons(disk, settings),
        *("--clearenv", "--setenv", "PATH", "/usr/local/bin:/usr/bin:/bin", "--setenv", "LANG", "C.UTF-8"),
        *("--chdir", "/", "--", sshd(), "-D", "-e", "-f", "/etc/ssh/sshd_config"),
    ]


def sshd() -> str:
    """The path of the SSH server, which sshd itself insists on knowing."""
    return (
        shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/usr/local/sbin") or "/usr/sbin/sshd"
    )


def _named_files() -> list[str]:
    """Files and directories that pip's settings name: bundles of certificates, folders of packages."""
    files = [Path("/etc/pip.conf"), *(Path.home() / name for name in _PIP_FILES)]
    settings = [path.read_text(encoding="utf-8") for path in files if path.is_file()]
    words = " ".join([*settings, *network_environment().values()]).split()
    paths = {_shown(Path(word.removeprefix("file://"))) for word in words if word.startswith(("/", "file:///"))}
    # Outermost first, and nothing that the builder sees anyway.
    seen = (Path("/usr"), Path("/etc"))
    wanted = (path for path in sorted(paths) if path.exists() and not any(top in (path, *path.parents) for top in seen))
    return [part for path in wanted for part in jail.read_only(path)]


def _shown(path: Path) -> Path:
    """What to show for a path: of a mirror of an index, also the packages, which are beside its C(simple)."""
    mirror = path.name == "simple" and path.parent != Path("/")
    return path.parent if mirror else path


def _pythons(disk: Path, settings: Settings) -> list[str]:
    """Show the host's interpreters for the runtimes, and put them on the builder's C(PATH)."""
    arguments: list[str] = []
    for runtime in settings.runtimes:
        try:
            interpreter = interpreters.find(runtime.removeprefix("python"), settings, pip=True)
        except SandboxError:
            continue
        prefix, executable = interpreter.prefix, interpreter.executable
        if prefix == Path("/usr/local"):
            # The builder has a C(/usr/local) of its own.
            prefix, executable = Path("/srv", runtime), Path("/srv", runtime, "bin", executable.name)
        if prefix != Path("/usr"):
            arguments += jail.read_only(interpreter.prefix, prefix)
        link = disk / "usr-local/bin" / runtime
        if not link.is_symlink() and not link.exists():
            link.symlink_to(executable)
    return arguments
