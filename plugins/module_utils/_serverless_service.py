# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes a service deployed or removed: reads what is there, and starts the CLI only if something has to change."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._aws.ownership import Owner
from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import (
    CloudFormationError,
    Functions,
    Stack,
    Stacks,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._deployments import (
    Deployment,
    Deployments,
    check_version,
    read_deployment,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._fingerprint import SourceFile
from ansible_collections.asesoria.serverless.plugins.module_utils._function_alias import (
    Release,
    template_fingerprint,
    weighted_after,
    weighted_aliases,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._function_release import Releases
from ansible_collections.asesoria.serverless.plugins.module_utils._function_versions import Versions
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_directory import LayerDirectories
from ansible_collections.asesoria.serverless.plugins.module_utils._module_gate import require_modules
from ansible_collections.asesoria.serverless.plugins.module_utils._package_budget import require_room
from ansible_collections.asesoria.serverless.plugins.module_utils._package_gate import PackageGate
from ansible_collections.asesoria.serverless.plugins.module_utils._plain_secrets import plain_secrets
from ansible_collections.asesoria.serverless.plugins.module_utils._serverless_cli import CliError, ServerlessCli
from ansible_collections.asesoria.serverless.plugins.module_utils._serverless_config import (
    FINGERPRINT_OUTPUT,
    ServiceConfig,
    with_fingerprint,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._serverless_plan import (
    Diff,
    deployment_diff,
    packaged_functions,
    packaged_template,
    removal_diff,
    roll_back_diff,
    summary_diff,
    with_losses,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._service.app_name import encode, replaced_app
from ansible_collections.asesoria.serverless.plugins.module_utils._service.change_set import ChangeSets
from ansible_collections.asesoria.serverless.plugins.module_utils._service.loss_guard import LossGuard
from ansible_collections.asesoria.serverless.plugins.module_utils._service.losses import Loss
from ansible_collections.asesoria.serverless.plugins.module_utils._service.notes import Notes
from ansible_collections.asesoria.serverless.plugins.module_utils._service.ownership import StackClaims
from ansible_collections.asesoria.serverless.plugins.module_utils._service.stack_change import Change, StackChanges
from ansible_collections.asesoria.serverless.plugins.module_utils._service.unverified_note import Note
from ansible_collections.asesoria.serverless.plugins.module_utils._service_layer import ServiceLayer, require_layer
from ansible_collections.asesoria.serverless.plugins.module_utils._work_folder import (
    WorkFolder,
    open_work_folder,
    temporary_work_folder,
)

#: Seconds between two looks at a stack that somebody else changes.
_POLL_INTERVAL = 2.0
#: Seconds in which a stack that has nothing but a change set may still get its resources from another run.
_REVIEW_PATIENCE = 15.0

_TAKE_OVER = (
    "Deploy under another service name. Or take this stack over with adopt: true, once you have read the plan with it "
    "(--check --diff), which names each resource that would be deleted or replaced"
)
_LEAVE = "Leave it to its owner, or remove it with the tool that made it"
_REMOVE_FIRST = "Look at its events, then remove the service (state: absent) and deploy it again"
#: The status of a stack whose first creation failed: all that it had was taken back, and it can only be deleted.
_NEVER_CREATED = "ROLLBACK_COMPLETE"
# AWS CloudFormation User Guide, "Stack status codes".
_STUCK = {
    "CREATE_FAILED": ("could not be created", _REMOVE_FIRST),
    "ROLLBACK_FAILED": ("could neither be created nor taken back", _REMOVE_FIRST),
    "DELETE_FAILED": (
        "could not be removed completely",
        "Look at its events for what stood in the way, then remove the service again (state: absent)",
    ),
    "UPDATE_FAILED": (
        "could not be updated, and was told not to go back",
        "Roll it back in CloudFormation, then deploy again",
    ),
    "UPDATE_ROLLBACK_FAILED": (
        "could neither be updated nor go back",
        "Mend what its events name, let CloudFormation continue the rollback, then deploy again",
    ),
}


@dataclass(frozen=True)
class Job:
    """What to deploy or remove.

    :param config: the service's configuration.
    :param config_name: the name of its file.
    :param origin: where the configuration comes from, for messages.
    :param files: the app's files.
    :param app: name of the app; empty for what deploys nothing new.
    :param fingerprint: the hash of all that the deployment depends on; empty for what deploys nothing new.
    :param stage: the stage.
    :param region: the region.
    :param owner: whose the stack has to be.
    :param adopt: take over a stack that belongs to another owner.
    :param confirm: name of the stack that may lose data; empty for none.
    :param gate: what the packages of the functions have to pass; C(None) if nothing.
    :param layer: the layer that the configuration gives its functions; C(None) if nothing was added to it.
    :param modules: what every Python function has to find in its package or its layers.
    :param release: how new code gets to answer; C(None) if the functions themselves are asked.
    :param remember: note down that it is not verified, until somebody removes the note.
    :param kept: files and folders that travel although they are excluded, because the app imports them.
    :param added: distributions that were added to the copy of the requirements file.
    :param notes: what was adjusted in the copy of a configuration of the app's own.
    """

    config: ServiceConfig
    config_name: str
    origin: str
    files: Sequence[SourceFile]
    fingerprint: str
    stage: str
    region: str
    owner: Owner
    app: str = ""
    adopt: bool = False
    confirm: str = ""
    gate: PackageGate | None = None
    layer: ServiceLayer | None = None
    modules: tuple[str, ...] = ()
    release: Release | None = None
    remember: bool = False
    kept: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What was done, or would be.

    :param changed: whether anything changed.
    :param stack: the stack afterwards; C(None) if there is none, or would be none yet.
    :param diff: before and after.
    :param previous: the version that the stack held before; C(None) if it did not hold any, or still holds it.
    :param unverified: whether an earlier run has deployed it, and nobody has verified it since.
    :param weighted: whether new code answers a part of the requests only.
    :param losses: resources with data that go, and all that go if the stack is taken over.
    :param adopted: whether the stack belonged to another owner.
    :param replaces_app: the app that was at the service's address; C(None) if it is the same one, or not known.
    :param unverified_before: whether the stack held something that was not verified, so that C(previous) is older.
    """

    changed: bool
    stack: Stack | None
    diff: Diff = field(default_factory=Diff)
    previous: str | None = None
    weighted: bool = False
    unverified: bool = False
    losses: tuple[Loss, ...] = ()
    adopted: bool = False
    replaces_app: str | None = None
    unverified_before: bool = False


class ServiceManager:
    """Brings services into the state that is wanted.

    :param stacks: CloudFormation.
    :param claims: refuses stacks that belong to another owner.
    :param losses: reads which resources go, and refuses to lose data.
    :param functions: Lambda.
    :param versions: the functions' versions and aliases.
    :param deployments: the deployments that the bucket keeps.
    :param layers: tells what is in layers.
    :param warn: is told what does not stop a deployment and should be known.
    :param cli: the Serverless CLI.
    :param work_dir: the folder to work in.
    :param timeout: seconds to wait for another run, and for a stack that is being changed.
    :param clock: a clock in seconds.
    :param sleep: waits for seconds.
    """

    def __init__(
        self,
        *,
        stacks: Stacks,
        change_sets: ChangeSets,
        losses: LossGuard,
        functions: Functions,
        versions: Versions,
        deployments: Deployments,
        layers: LayerDirectories,
        warn: Callable[[str], None],
        cli: ServerlessCli,
        work_dir: Path,
        timeout: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._stacks = stacks
        self._claims = StackClaims(change_sets.tags)
        self._losses = losses
        self._functions = functions
        self._releases = Releases(stacks=stacks, versions=versions, warn=warn)
        self._notes = Notes(folder=work_dir, stacks=stacks, deployments=deployments)
        self._changes = StackChanges(
            stacks=stacks, pending=change_sets.pending, warn=warn, timeout=timeout, clock=clock, sleep=sleep
        )
        self._deployments = deployments
        self._layers = layers
        self._warn = warn
        self._cli = cli
        self._work_dir = work_dir
        self._timeout = timeout
        self._clock = clock
        self._sleep = sleep

    def ensure_present(self, job: Job, *, check_mode: bool, diff: bool) -> Outcome:
        """Deploy a service unless it is deployed just so.

        :param job: the service.
        :param check_mode: only say what would change.
        :param diff: whether anybody looks at the difference.
        :raises ServerlessError: it can't be deployed.
        """
        stack = self._claimed(self._stacks.find(job.config.stack_name), job)
        if self._is_deployed(job, stack=stack):
            return self._nothing_to_do(job, stack=stack)
        if check_mode:
            return self._preview(job, stack=stack)
        with self._work_folder() as work:
            stack = self._wait_until_deployable(job)
            if self._is_deployed(job, stack=stack):
                # An earlier run that was cut off had come this far.
                return self._nothing_to_do(job, stack=stack)
            return self._deploy(job, stack=stack, work=work, diff=diff)

    def _is_deployed(self, job: Job, *, stack: Stack | None) -> bool:
        """Whether a stack holds what is wanted; one that is to be taken over does not have its owner's tags yet."""
        return (
            stack is not None
            and is_deployed(stack, fingerprint=job.fingerprint)
            and not self._is_taken_over(job, stack=stack)
        )

    def _is_taken_over(self, job: Job, *, stack: Stack | None) -> bool:
        return job.adopt and stack is not None and not self._claims.owns(stack, job.owner)

    def _claimed(self, stack: Stack | None, job: Job) -> Stack | None:
        """Return a stack that a deployment may change.

        :raises ForeignStackError: it belongs to another owner, and is not to be taken over.
        """
        if stack is not None and not job.adopt:
            self._claims.require(stack, job.owner, remedy=_TAKE_OVER)
        return stack

    def _nothing_to_do(self, job: Job, *, stack: Stack | None) -> Outcome:
        note = self._standing_note(job, stack=stack)
        if note is None:
            return Outcome(changed=False, stack=stack)
        return Outcome(changed=False, stack=stack, previous=note.previous or None, unverified=True)

    def ensure_version(self, job: Job, *, version: str, check_mode: bool) -> Outcome:
        """Let a service be as it was deployed before.

        :param job: the service.
        :param version: the deployment's name.
        :param check_mode: only say what would change.
        :raises ServerlessError: it can't be.
        """
        deployed_at = check_version(version)
        name = job.config.stack_name
        stack = self._claimed(self._stacks.find(name), job)
        if check_mode:
            return self._plan_version(stack, job=job, version=version, exact=False)
        with self._work_folder() as work:
            plan = self._plan_version(self._wait_until_deployable(job), job=job, version=version, exact=True)
            if not plan.changed:
                return plan
            template = self._stacks.template(name)
            replaced = read_deployment(template)
            work.fill(files=job.files, config=job.config.text, config_name=job.config_name)

            def apply() -> None:
                # The stack takes its time, and until then what is not wanted would go on answering its part.
                self._releases.settle(template)
                with self._explained("rolling back", name):
                    self._cli.roll_back(work, time=deployed_at)

            def arrived(stack: Stack) -> bool:
                return stack.healthy and self._releases.version(stack) == version

            stack = self._changes.make(
                Change(
                    name=name,
                    doing="rolling back",
                    apply=apply,
                    repeat=apply,
                    arrived=arrived,
                    abandon=lambda _stack: None,
                    meanwhile="The code that was to be replaced may answer still",
                )
            )
            if stack is None or not arrived(stack):
                status = stack.status if stack else "missing"
                raise CloudFormationError(
                    f"the stack {name} is {status} and does not hold the version {version} after it was rolled back",
                    work.log_hint,
                )
            with self._told():
                self._notes.forget(stack)
                self._remove_deployment(name, replaced)
                self._releases.prune(job.release, template=self._stacks.template(name))
            return replace(plan, stack=stack)

    def ensure_accepted(self, job: Job, *, check_mode: bool) -> Outcome:
        """Note down that the deployment which a service's stack holds was verified.

        :param job: the service.
        :param check_mode: only say what would change.
        :raises ServerlessError: the note can't be removed.
        """
        stack = self._stacks.find(job.config.stack_name)
        note = self._notes.read(stack) if stack is not None and self._claims.owns(stack, job.owner) else None
        if note is None or not note.covers(stack):
            return Outcome(changed=False, stack=stack)
        if not check_mode:
            self._notes.forget(stack)
        return Outcome(changed=True, stack=stack)

    def _plan_version(self, stack: Stack | None, *, job: Job, version: str, exact: bool) -> Outcome:
        name = job.config.stack_name
        if stack is None:
            raise CloudFormationError(f"the stack {name} does not exist", "Deploy the service")
        require_deployable(stack)
        template = self._stacks.template(name)
        current = read_deployment(template)
        if current is None:
            raise CloudFormationError(
                f"the stack {name} holds nothing that the Serverless CLI deployed", "Deploy the service"
            )
        if current.version == version:
            return Outcome(changed=False, stack=stack)
        wanted = self._deployments.template(name, replace(current, version=version))
        if any(weighted_aliases(wanted)):
            raise CloudFormationError(
                f"the deployment {version} of the stack {name} gave new code a part of the requests only, beside a "
                "version that answered at that time",
                "Choose the one before or after it",
            )
        losses = self._accepted_losses(job, stack=stack, template=wanted, exact=exact)
        return Outcome(
            changed=True,
            stack=stack,
            diff=with_losses(roll_back_diff(before=template, after=wanted), losses),
            previous=self._releases.previous(stack),
            losses=losses,
        )

    def ensure_absent(self, job: Job, *, check_mode: bool) -> Outcome:
        """Remove a service if it is there.

        :param job: the service.
        :param check_mode: only say what would change.
        :raises ServerlessError: it can't be removed.
        """
        name = job.config.stack_name
        stack = self._stacks.find(name)
        if stack is None:
            return Outcome(changed=False, stack=None)
        self._claims.require(stack, job.owner, remedy=_LEAVE)
        self._losses.require_removal(name, confirm=job.confirm)
        diff = removal_diff(stack)
        if check_mode:
            return Outcome(changed=True, stack=stack, diff=diff)
        with self._work_folder() as work:
            there = self._wait_until_settled(name)
            if there is None:
                return Outcome(changed=False, stack=None)
            self._claims.require(there, job.owner, remedy=_LEAVE)
            self._losses.require_removal(name, confirm=job.confirm)
            work.fill(files=job.files, config=job.config.text, config_name=job.config_name)
            with self._explained("removing", name):
                self._cli.remove(work)
            stack = self._stacks.find(name)
            self._notes.forget(None)
        if stack is not None:
            raise CloudFormationError(
                f"the stack {name} is still there after its removal, as {stack.status}", _REMOVE_FIRST
            )
        return Outcome(changed=True, stack=None, diff=diff)

    @contextlib.contextmanager
    def _work_folder(self) -> Iterator[WorkFolder]:
        with open_work_folder(self._work_dir, timeout=self._timeout, clock=self._clock, sleep=self._sleep) as work:
            yield work

    def _preview(self, job: Job, *, stack: Stack | None) -> Outcome:
        if stack is not None:
            require_deployable(stack)
        previous = self._previous(self._standing_note(job, stack=stack), stack=stack)
        planned = Outcome(
            changed=True, stack=stack, previous=previous, replaces_app=self._replaced_app(job, stack=stack)
        )
        if not self._cli.installed:
            wanted = {"stack": job.config.stack_name, "fingerprint": job.fingerprint}
            diff = summary_diff(stack, wanted={**wanted, "files": [file.name for file in job.files]})
            return replace(planned, diff=diff)
        with temporary_work_folder(self._work_dir) as work:
            diff = self._package(job, stack=stack, work=work, diff=True)
            losses = self._accepted_losses(job, stack=stack, template=packaged_template(work.package), exact=False)
            adopted = self._is_taken_over(job, stack=stack)
            return replace(planned, diff=with_losses(diff, losses), losses=losses, adopted=adopted)

    def _replaced_app(self, job: Job, *, stack: Stack | None) -> str | None:
        """The app that another one takes the place of, which is told."""
        was = replaced_app(stack, app=job.app)
        if was is not None:
            self._warn(
                f"The stack {job.config.stack_name} holds the app {was}. The app {job.app} takes its place, at the "
                "same address. To have both, deploy one of them under another service name."
            )
        return was

    def _accepted_losses(
        self, job: Job, *, stack: Stack | None, template: Mapping[str, Any], exact: bool
    ) -> tuple[Loss, ...]:
        """The resources that an update takes away.

        :raises DataLossError: data would go, and that is not confirmed.
        """
        if stack is None:
            return ()
        losses = self._losses.update(stack, template, exact=exact, every=self._is_taken_over(job, stack=stack))
        self._losses.require_update(losses, stack=stack.name, confirm=job.confirm)
        return losses

    def _package(self, job: Job, *, stack: Stack | None, work: WorkFolder, diff: bool) -> Diff:
        config = with_fingerprint(job.config.text, fingerprint=job.fingerprint, origin=job.origin, app=encode(job.app))
        work.fill(files=job.files, config=config, config_name=job.config_name)
        self._cli.package(work)
        if job.release is not None:
            self._releases.give_alias(job.release, stack=stack, package=work.package)
        self._require_sound(job, package=work.package)
        if not diff:
            return Diff()
        return deployment_diff(stack=stack, stacks=self._stacks, functions=self._functions, package=work.package)

    def _require_sound(self, job: Job, *, package: Path) -> None:
        """See to it that what was packaged would work, and say what should be known of it."""
        template = packaged_template(package)
        functions = list(packaged_functions(template, package=package))
        if job.layer is not None:
            require_layer(functions, layer=job.layer)
        if job.gate is not None:
            job.gate.require_sound(functions)
        require_room(functions, members=self._layers.members)
        require_modules(functions, modules=job.modules, members=self._layers.members)
        for sentence in plain_secrets(template):
            self._warn(sentence)

    def _deploy(self, job: Job, *, stack: Stack | None, work: WorkFolder, diff: bool) -> Outcome:
        name = job.config.stack_name
        standing = self._standing_note(job, stack=stack)
        previous = self._previous(standing, stack=stack)
        superseded = self._releases.unfinished(stack) or (self._releases.deployment(stack) if standing else None)
        if standing and self._releases.unfinished(stack) is None:
            job = self._without_weight(job)
        difference = self._package(job, stack=stack, work=work, diff=diff)
        template = packaged_template(work.package)
        # Packaging takes its time, in which somebody else may have made a stack of that name.
        stack = self._claimed(self._stacks.find(name), job)
        losses = self._accepted_losses(job, stack=stack, template=template, exact=True)
        adopted = self._is_taken_over(job, stack=stack)
        replaces = self._replaced_app(job, stack=stack)
        note = (standing or Note((), previous or "")).with_deployment(job.fingerprint)
        if job.remember:
            self._notes.write(note, stack=stack)
        deployed = self._changes.make(self._deployment(job, template=template, standing=standing, work=work))
        if deployed is None or not self._holds(deployed, template=template):
            status = deployed.status if deployed else "missing"
            raise CloudFormationError(f"the stack {name} is {status} after its deployment", work.log_hint)
        weighted = weighted_after(deployed.outputs) is not None
        with self._told():
            if job.remember and (note.fingerprints != (job.fingerprint,) or not previous):
                # What the stack holds is certain now, and the first deployment has made the bucket.
                self._notes.write(Note((job.fingerprint,), note.previous), stack=deployed)
            self._remove_deployment(name, superseded)
            if not weighted:
                self._releases.prune(job.release, template=template)
        return Outcome(
            changed=True,
            stack=deployed,
            diff=with_losses(difference, losses) if diff else difference,
            previous=previous,
            weighted=weighted,
            losses=losses,
            adopted=adopted,
            replaces_app=replaces,
            unverified_before=standing is not None,
        )

    def _deployment(self, job: Job, *, template: Mapping[str, Any], standing: Note | None, work: WorkFolder) -> Change:
        name = job.config.stack_name

        def apply() -> None:
            with self._explained("deploying", name):
                self._cli.deploy(work)

        def repeat() -> None:
            stack = self._claimed(self._stacks.find(name), job)
            if stack is not None and _is_reviewed(stack):
                # It has no resources yet, and the CLI makes a change set for a new stack only if there is none.
                self._clear(name)
            apply()

        def abandon(stack: Stack | None) -> None:
            uploaded = read_deployment(template)
            # The failure is to be told, not that this could not be done about it.
            with contextlib.suppress(ServerlessError):
                if uploaded is not None and self._releases.version(stack) == uploaded.version:
                    return
                if job.remember and (stack is None or stack.healthy or stack.status == _NEVER_CREATED):
                    self._notes.put_back(standing, stack=stack)
                if stack is not None:
                    self._remove_deployment(name, uploaded)

        return Change(
            name=name,
            doing="deploying",
            apply=apply,
            repeat=repeat,
            arrived=lambda stack: self._holds(stack, template=template),
            abandon=abandon,
            meanwhile="New code that was not verified may answer now, or soon",
        )

    def _holds(self, stack: Stack, *, template: Mapping[str, Any]) -> bool:
        """Whether a stack holds what was packaged; the same code may have been deployed before, weighted."""
        deployment = read_deployment(template)
        return is_deployed(stack, fingerprint=template_fingerprint(template)) and (
            deployment is None or self._releases.version(stack) == deployment.version
        )

    def _standing_note(self, job: Job, *, stack: Stack | None) -> Note | None:
        """The note that what a stack holds was not verified."""
        note = self._notes.read(stack) if job.remember and stack is not None else None
        return note if note is not None and note.covers(stack) else None

    def _previous(self, standing: Note | None, *, stack: Stack | None) -> str | None:
        """The version to go back to: the last one that was verified, or else the one that the stack holds."""
        return (standing.previous or None) if standing else self._releases.previous(stack)

    def _without_weight(self, job: Job) -> Job:
        """Share no requests with code that was not verified either: a bad answer would not say whose it is."""
        if job.release is None or not job.release.weight:
            return job
        self._warn(
            f"The code that the stack {job.config.stack_name} holds was not verified, so new code is not compared with "
            "it and answers all requests at once."
        )
        return replace(job, release=replace(job.release, weight=0))

    def _remove_deployment(self, name: str, deployment: Deployment | None) -> None:
        if deployment is not None:
            self._deployments.remove(name, deployment)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Turn an error of what only cleans up into a warning: what is deployed is right."""
        try:
            yield
        except ServerlessError as error:
            self._warn(str(error))

    @contextlib.contextmanager
    def _explained(self, doing: str, name: str) -> Iterator[None]:
        """Say what CloudFormation says about a failure, where it says more than the CLI."""
        before = self._stacks.newest_event(name)
        try:
            yield
        except CliError as error:
            try:
                failures = self._stacks.failures(name, after=before)
            except ServerlessError:
                # The stack may not have come to be; the CLI's own words are what there is.
                failures = []
            if not failures:
                raise
            raise CloudFormationError(
                f"{doing} the stack {name} failed: {'; '.join(failures)}", error.remedy
            ) from error

    def _wait_until_deployable(self, job: Job) -> Stack | None:
        name = job.config.stack_name
        stack = self._wait_until_settled(name)
        if stack is not None and _is_reviewed(stack):
            stack = self._wait(name, patience=_REVIEW_PATIENCE, busy=_is_reviewed, strict=False)
        self._claimed(stack, job)
        if stack is not None and (_is_reviewed(stack) or stack.status == _NEVER_CREATED):
            stack = self._clear(name)
        if stack is not None:
            require_deployable(stack)
        return stack

    def _wait_until_settled(self, name: str) -> Stack | None:
        """Wait for whoever changes the stack, an earlier run that was cut off for example."""
        return self._wait(name, patience=self._timeout, busy=lambda stack: stack.in_progress)

    def _clear(self, name: str) -> Stack | None:
        """Delete a stack that has no resources."""
        self._stacks.delete(name)
        return self._wait(name, patience=self._timeout, busy=lambda stack: stack.status != "DELETE_FAILED")

    def _wait(self, name: str, *, patience: float, busy: Callable[[Stack], bool], strict: bool = True) -> Stack | None:
        deadline = self._clock() + patience
        while True:
            stack = self._stacks.find(name)
            if stack is None or not busy(stack):
                return stack
            if self._clock() >= deadline:
                if not strict:
                    return stack
                raise CloudFormationError(
                    f"the stack {name} has been {stack.status} for more than {patience:g} seconds",
                    "Wait until CloudFormation is done with it, then run again; its events say what it is doing",
                )
            self._sleep(_POLL_INTERVAL)


def is_deployed(stack: Stack | None, *, fingerprint: str) -> bool:
    """Whether a stack holds what a fingerprint stands for."""
    return stack is not None and stack.healthy and stack.outputs.get(FINGERPRINT_OUTPUT) == fingerprint


def require_deployable(stack: Stack) -> None:
    """Refuse a stack that no deployment can change.

    :raises CloudFormationError: it is stuck.
    """
    if stack.status in _STUCK:
        trouble, remedy = _STUCK[stack.status]
        reason = f" ({stack.reason.rstrip('.')})" if stack.reason else ""
        raise CloudFormationError(f"the stack {stack.name} is {stack.status}: it {trouble}{reason}", remedy)


def _is_reviewed(stack: Stack) -> bool:
    return stack.status == "REVIEW_IN_PROGRESS"
