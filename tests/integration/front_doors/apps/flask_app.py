# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import content
from flask import Flask, Response, redirect, request, url_for

app = Flask(__name__)


@app.get("/")
def index():
    return "Bienvenido, señor"


@app.get("/binary")
def binary():
    return Response(content.PIXEL, mimetype="image/png")


@app.get("/compressed")
def compressed():
    return Response(content.COMPRESSED, mimetype="text/plain", headers={"Content-Encoding": "gzip"})


@app.get("/stream")
def stream():
    return Response(content.Stream(), mimetype="text/plain")


@app.get("/closed")
def closed():
    return content.closed()


@app.get("/latin")
def latin():
    return Response(content.LATIN, content_type="text/plain; charset=iso-8859-1")


@app.get("/empty")
def empty():
    return Response(status=204)


@app.get("/cookies")
def cookies():
    response = Response(content.report(cookies=dict(request.cookies)), mimetype="application/json")
    for name, value in content.COOKIES.items():
        response.set_cookie(name, value, httponly=True)
    response.headers.add("Link", "</a>; rel=prev")
    response.headers.add("Link", "</b>; rel=next")
    return response


@app.get("/away")
def away():
    return redirect(url_for("echo", what="aquí"))


@app.get("/address")
def address():
    return content.report(internal=url_for("echo", what="año"))


@app.route("/echo/<path:what>", methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def echo(what):
    seen = content.report(
        method=request.method,
        path=what,
        query=sorted(request.args.items(multi=True)),
        header=request.headers.get("X-Test"),
        type=request.headers.get("Content-Type"),
        form=sorted(request.form.items(multi=True)) if request.files or request.form else [],
        files={
            name: [file.filename, content.report(data=file.read()).decode()] for name, file in request.files.items()
        },
        body=request.get_data() if not (request.files or request.form) else b"",
    )
    return Response(seen, mimetype="application/json", status=201 if request.method == "POST" else 200)
