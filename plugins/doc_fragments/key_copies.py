# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option that says where copies of an access key are kept, for the documentation of the modules that have it."""

from __future__ import annotations


class ModuleDocFragment:
    """Ansible finds its fragments by this name. The option's specification is in the utility C(_key_copy_options)."""

    DOCUMENTATION = r"""
options:
  copies:
    description:
      - Where copies of the access key are kept besides the profile. The secret is read from the AWS credentials file,
        and goes to a program by its standard input only, to a file with mode C(0600).
      - A place that has something else than a copy of a key of this user is never overwritten.
    type: list
    elements: dict
    default: []
    suboptions:
      to:
        description:
          - V(csv) is a file in the form of AWS's console, which C(aws configure import --csv file://PATH) reads.
          - V(vault) is a file with the variables C(aws_access_key_id), C(aws_secret_access_key) and C(aws_iam_user),
            encrypted by C(ansible-vault) before it is written.
          - V(pass) is an entry of the password store, whose first line is the secret; needs the program C(pass).
          - V(secrets_manager) is a secret in AWS Secrets Manager, a JSON object with the same names as V(vault), tagged
            C(ManagedBy) and C(asesoria:user). Needs C(secretsmanager:DescribeSecret), C(secretsmanager:GetSecretValue),
            C(secretsmanager:CreateSecret), C(secretsmanager:TagResource), C(secretsmanager:PutSecretValue),
            C(secretsmanager:RestoreSecret) and C(secretsmanager:DeleteSecret).
        type: str
        required: true
        choices: [csv, pass, secrets_manager, vault]
      path:
        description: Path of the file. Required with V(csv) and V(vault).
        type: path
      password_file:
        description:
          - File with the password of the vault, or a program that prints it. Required with V(vault).
        type: path
      vault_id:
        description: Label of the vault, if there are several passwords.
        type: str
        default: default
      name:
        description: Name of the entry or of the secret. Required with V(pass) and V(secrets_manager).
        type: str
      kms_key:
        description:
          - Identifier, alias or ARN of the KMS key that encrypts the secret in AWS Secrets Manager; by default the key
            that AWS manages for that. It counts when the secret is made, and C(kms:GenerateDataKey) and C(kms:Decrypt)
            with it are needed.
        type: str
        default: ""
  tags:
    description: Tags of a new secret in AWS Secrets Manager, besides those by which it is known.
    type: dict
    default: {}
"""
