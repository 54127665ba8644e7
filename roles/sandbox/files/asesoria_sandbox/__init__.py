# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Local stand-ins for AWS: what C(roles/sandbox) starts and stops.

One supervisor holds three children, all on 127.0.0.1:

* C(aws_ministack): the control plane, with Python functions run by AWS's own runtime client (C(function_worker));
* C(aws_moto): EC2 and Systems Manager;
* C(hypervisor): boots the builder, an SSH server, for a running instance of that EC2.
"""
