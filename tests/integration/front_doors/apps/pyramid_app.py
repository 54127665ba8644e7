# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import content
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPFound
from pyramid.response import Response


def index(_request):
    return Response("Bienvenido, señor")


def binary(_request):
    return Response(content.PIXEL, content_type="image/png")


def compressed(_request):
    response = Response(content.COMPRESSED, content_type="text/plain")
    response.content_encoding = "gzip"
    return response


def stream(_request):
    return Response(app_iter=content.Stream(), content_type="text/plain")


def closed(_request):
    return Response(content.closed())


def latin(_request):
    return Response(content.LATIN, content_type="text/plain", charset="iso-8859-1")


def empty(_request):
    return Response(status=204)


def cookies(request):
    response = Response(content.report(cookies=dict(request.cookies)), content_type="application/json")
    for name, value in content.COOKIES.items():
        response.set_cookie(name, value, httponly=True)
    response.headerlist.extend([("Link", "</a>; rel=prev"), ("Link", "</b>; rel=next")])
    return response


def away(request):
    return HTTPFound(location=request.route_path("echo", what="aquí"))


def address(request):
    return Response(content.report(internal=request.route_path("echo", what="año")))


def echo(request):
    files = {name: file for name, file in request.POST.items() if hasattr(file, "filename")}
    form = [(name, value) for name, value in request.POST.items() if name not in files]
    seen = content.report(
        method=request.method,
        path="/".join(request.matchdict["what"]),
        query=sorted(request.GET.items()),
        header=request.headers.get("X-Test"),
        type=request.headers.get("Content-Type"),
        form=sorted(form),
        files={name: [file.filename, content.report(data=file.file.read()).decode()] for name, file in files.items()},
        body=request.body if not files and not form else b"",
    )
    return Response(seen, content_type="application/json", status=201 if request.method == "POST" else 200)


with Configurator() as config:
    for view in (index, binary, compressed, stream, closed, latin, empty, cookies, away, address):
        name = view.__name__
        config.add_route(name, "/" if name == "index" else f"/{name}")
        config.add_view(view, route_name=name)
    config.add_route("echo", "/echo/*what")
    config.add_view(echo, route_name="echo")
    app = config.make_wsgi_app()
