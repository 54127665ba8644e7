# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import content
from bottle import Bottle, HTTPResponse, redirect, request, response

app = Bottle()


@app.get("/")
def index():
    return "Bienvenido, señor"


@app.get("/binary")
def binary():
    response.content_type = "image/png"
    return content.PIXEL


@app.get("/compressed")
def compressed():
    response.content_type = "text/plain"
    response.set_header("Content-Encoding", "gzip")
    return content.COMPRESSED


@app.get("/stream")
def stream():
    response.content_type = "text/plain"
    return content.Stream()


@app.get("/closed")
def closed():
    return content.closed()


@app.get("/latin")
def latin():
    response.content_type = "text/plain; charset=iso-8859-1"
    return content.LATIN


@app.get("/empty")
def empty():
    return HTTPResponse(status=204)


@app.get("/cookies")
def cookies():
    for name, value in content.COOKIES.items():
        response.set_cookie(name, value, httponly=True)
    response.add_header("Link", "</a>; rel=prev")
    response.add_header("Link", "</b>; rel=next")
    response.content_type = "application/json"
    return content.report(cookies=dict(request.cookies))


@app.get("/away")
def away():
    redirect(app.get_url("echo", what="aqui"), 302)


@app.get("/address")
def address():
    return content.report(internal=app.get_url("echo", what="x"))


@app.route("/echo/<what:path>", name="echo", method=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def echo(what):
    response.status = 201 if request.method == "POST" else 200
    response.content_type = "application/json"
    form = request.forms.decode() if request.content_type.startswith(("multipart/", "application/x-www-form")) else None
    return content.report(
        method=request.method,
        path=what,
        query=sorted(request.query.decode().allitems()),
        header=request.get_header("X-Test"),
        type=request.content_type,
        form=sorted(form.allitems()) if form else [],
        files={
            name: [file.raw_filename, content.report(data=file.file.read()).decode()]
            for name, file in request.files.items()
        },
        body=request.body.read() if not form and not request.files else b"",
    )
