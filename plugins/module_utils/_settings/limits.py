# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Limits of AWS and of the Serverless CLI for settings, each with its source and the date it was read.

The limits of layers and the catalogue of runtimes are in :mod:`.._runtimes`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class NameRule:
    """Rule of AWS or of the CLI for a name.

    :param what: The named thing, as a message calls it.
    :param form: Pattern that the whole name must match.
    :param words: The pattern in words.
    :param longest: Greatest number of characters.
    """

    what: str
    form: re.Pattern[str]
    words: str
    longest: int

    def problem(self, name: str) -> str:
        """Describe why the rule refuses a name; empty if it does not.

        :param name: The name.
        """
        if len(name) > self.longest:
            return f"{name!r} has {len(name)} characters, and the name of {self.what} has {self.longest} at most"
        if not self.form.fullmatch(name):
            return f"{name!r} is not a name for {self.what}: {self.words}"
        return ""


_IAM = re.compile(r"[\w+=,.@-]+", re.ASCII)
_IAM_WORDS = "use letters, digits and + = , . @ _ -"

#: ``service`` and ``stage`` in the schema of osls 4.3.1 (``lib/config-schema.js``, ``lib/utils/stage-pattern.js``),
#: read on 2026-12-01. Both are parts of the stack's name, whose limit is the derived name's.
SERVICE = NameRule(
    "a service",
    re.compile(r"[a-zA-Z][0-9a-zA-Z-]+"),
    "begin with a letter and go on with letters, digits and hyphens, two characters at least",
    126,
)
STAGE = NameRule("a stage", re.compile(r"[A-Za-z0-9-]+"), "use letters, digits and hyphens", 126)
#: A tag's value and the beginning of the names of IAM roles, launch templates and security groups; the characters are
#: those that all of these allow.
PROJECT = NameRule(
    "a project",
    re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*"),
    "begin with a letter or digit and go on with letters, digits and _ . -",
    128,
)
#: IAM User Guide, "IAM and AWS STS quotas", read on 2026-12-01.
USER = NameRule("an IAM user", _IAM, _IAM_WORDS, 64)
ROLE = NameRule("an IAM role", _IAM, _IAM_WORDS, 64)
INSTANCE_PROFILE = NameRule("an instance profile", _IAM, _IAM_WORDS, 128)
POLICY = NameRule("an IAM policy", _IAM, _IAM_WORDS, 128)
#: EC2 API Reference, ImportKeyPair and CreateSecurityGroup, read on 2026-12-01. The key pair's name is also a file's.
KEY_PAIR = NameRule(
    "a key pair", re.compile(r"[\w.@+-][\w .@+=,:-]*", re.ASCII), "use letters, digits and _ . @ + = , : -", 255
)
SECURITY_GROUP = NameRule(
    "a security group",
    re.compile(r"(?!sg-)[\w .:/()#,@\[\]+=&;{}!$*-]+", re.ASCII),
    "use letters, digits and ._-:/()#,@[]+=&;{}!$*, and do not begin with sg-",
    255,
)
#: EC2 API Reference, CreateLaunchTemplate, read on 2026-12-01.
LAUNCH_TEMPLATE = NameRule(
    "a launch template", re.compile(r"[a-zA-Z0-9()./_-]{3,}"), "use letters, digits and ( ) . / _ -", 128
)
#: CloudFormation API Reference, CreateStack, read on 2026-12-01.
STACK = NameRule(
    "a stack", re.compile(r"[a-zA-Z][-a-zA-Z0-9]*"), "begin with a letter and go on with letters, digits and -", 128
)
#: Lambda API Reference, CreateFunction, CreateAlias and PublishLayerVersion, read on 2026-12-01.
FUNCTION = NameRule("a function", re.compile(r"[a-zA-Z0-9-_]+"), "use letters, digits and - _", 64)
LAYER = NameRule("a layer", re.compile(r"[a-zA-Z0-9-_]+"), "use letters, digits and - _", 140)
ALIAS = NameRule(
    "an alias", re.compile(r"(?![0-9]+$)[a-zA-Z0-9-_]+"), "use letters, digits and - _, not digits alone", 128
)
#: CloudWatch Logs API Reference, CreateLogGroup, read on 2026-12-01.
LOG_GROUP_LONGEST = 512
#: Amazon S3 User Guide, "General purpose bucket naming rules", read on 2026-12-01.
BUCKET = NameRule(
    "a bucket",
    re.compile(
        r"(?!xn--|sthree-|amzn-s3-demo-)(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)(?!.*(-s3alias|--ol-s3|\.mrap|--x-s3)$)"
        r"[a-z0-9][a-z0-9.-]+[a-z0-9]"
    ),
    "use 3 to 63 lower-case letters, digits, dots and hyphens, and begin and end with a letter or digit",
    63,
)
#: Section names of the AWS files; the AWS CLI User Guide sets no rule, and these never need quotes.
PROFILE = NameRule(
    "a profile", re.compile(r"[\w+=,.@/:-]+", re.ASCII), "use letters, digits and + = , . @ _ / : -", 128
)

#: AWS Lambda Developer Guide, "Lambda quotas", read on 2026-12-01. Numbers of MB.
MEMORY_SIZE = range(128, 10_240 + 1)
#: The same page. Seconds.
FUNCTION_TIMEOUT = range(1, 900 + 1)
#: The same page: bytes of all environment variables of a function together, as JSON.
MAX_ENVIRONMENT_BYTES = 4096
#: AWS Lambda Developer Guide, "Defined runtime environment variables", read on 2026-12-01.
RESERVED_ENVIRONMENT = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)
ENVIRONMENT_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+")

#: Rules for requests from other origins in the schema of osls 4.3.1 (``lib/config-schema.js``), read on 2026-12-01.
CORS_KEYS = (
    "allowCredentials",
    "allowedHeaders",
    "allowedMethods",
    "allowedOrigins",
    "exposedResponseHeaders",
    "maxAge",
)

#: Seconds that an entry point waits for the function. API Gateway Developer Guide, "Quotas for configuring and running
#: an HTTP API" and "... a REST API", read on 2026-12-01; a function URL waits as long as the function may take.
ENTRY_TIMEOUT: Mapping[str, int] = MappingProxyType({"http_api": 30, "rest_api": 29, "function_url": 900})
FRONT_DOORS = tuple(ENTRY_TIMEOUT)

#: CloudWatch Logs API Reference, PutRetentionPolicy, read on 2026-12-01.
LOG_RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)

#: Percent of the requests for new code; 0 is no canary. Lambda API Reference, AliasRoutingConfiguration, read on
#: 2026-12-01.
CANARY_WEIGHT = range(99 + 1)

#: A method and a path, as the CLI takes them.
ROUTE = re.compile(r"(ANY|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT) (/[^\s\"\\]*)")

#: EventBridge User Guide, "Schedule expressions", read on 2026-12-01. A cron expression has six fields.
RATE = re.compile(r"rate\((?:1 (?:minute|hour|day)|(?:[2-9]|[1-9]\d+) (?:minutes|hours|days))\)")
CRON = re.compile(r"cron\(\S+(?: \S+){5}\)")
#: EventBridge Scheduler, which the CLI uses with ``method: scheduler``, takes one moment as well.
AT = re.compile(r"at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)")

#: AWS's account identifiers have 12 digits; ``aws`` stands in ARNs of managed policies.
ACCOUNT = re.compile(r"\d{12}")
ARN = re.compile(r"arn:(?P<partition>[\w-]+):(?P<service>[\w-]+):(?P<region>[\w-]*):(?P<account>[^:/\s]*):")
MANAGED_POLICY = re.compile(r"arn:[a-z-]+:iam::(?:\d{12}|aws):policy/.+")
IAM_ROLE = re.compile(r"arn:[a-z-]+:iam::(?:\d{12}|\$\{aws:accountId\}):role/.+")
IAM_PATH = re.compile(r"(?:/(?:[!-~]+/)?)?")

#: EC2 identifiers: eight hexadecimal digits for old resources, 17 for others.
SECURITY_GROUP_ID = re.compile(r"sg-(?:[0-9a-f]{8}|[0-9a-f]{17})")
SUBNET_ID = re.compile(r"subnet-(?:[0-9a-f]{8}|[0-9a-f]{17})")
INSTANCE_TYPE = re.compile(
    r"(?P<family>[a-z]+\d+[a-z-]*(?:\d+[a-z]+)*)\.(?:nano|micro|small|medium|(?:\d*x)?large|metal\S*)"
)
#: Families of Graviton processors: ``a1``, and a ``g`` after the generation. EC2 User Guide, "Amazon EC2 instance type
#: naming conventions", read on 2026-12-01.
ARM_FAMILY = re.compile(r"a1|[a-z]+\d+[a-z]*g[a-z]*")

#: Names of the regions, where botocore's list is not at hand.
REGION = re.compile(r"[a-z]{2,3}(?:-[a-z]+)+-\d+")
#: Partitions by the beginning of a region's name; every other region is of ``aws``. AWS General Reference, "Amazon
#: Resource Names", read on 2026-12-01.
PARTITIONS: Mapping[str, str] = MappingProxyType({"cn-": "aws-cn", "us-gov-": "aws-us-gov"})
