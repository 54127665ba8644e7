# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from contextlib import asynccontextmanager

import content
from starlette.applications import Starlette
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

STARTS = []


@asynccontextmanager
async def lifespan(_app):
    STARTS.append("start")
    yield {"kept": "of the start"}


async def index(_request):
    return Response("Bienvenido, señor", media_type="text/plain")


async def binary(_request):
    return Response(content.PIXEL, media_type="image/png")


async def compressed(_request):
    return Response(content.COMPRESSED, media_type="text/plain", headers={"Content-Encoding": "gzip"})


async def stream(_request):
    return StreamingResponse(content.Stream(), media_type="text/plain")


async def closed(request):
    return Response(content.report(starts=STARTS, state=request.state.kept))


async def latin(_request):
    return Response(content.LATIN, headers={"Content-Type": "text/plain; charset=iso-8859-1", "X-Name": "año"})


async def empty(_request):
    return Response(status_code=204)


async def cookies(request):
    response = Response(content.report(cookies=request.cookies), media_type="application/json")
    for name, value in content.COOKIES.items():
        response.set_cookie(name, value, httponly=True)
    response.headers.append("Link", "</a>; rel=prev")
    response.headers.append("Link", "</b>; rel=next")
    return response


async def away(request):
    return RedirectResponse(request.url_for("echo", what="aquí").path, status_code=302)


async def address(request):
    return Response(content.report(internal=request.url_for("echo", what="año").path))


async def echo(request):
    form = files = {}
    if request.headers.get("Content-Type", "").startswith(("multipart/", "application/x-www-form")):
        async with request.form() as sent:
            files = {
                name: [file.filename, content.report(data=await file.read()).decode()]
                for name, file in sent.multi_items()
                if hasattr(file, "filename")
            }
            form = [(name, value) for name, value in sent.multi_items() if name not in files]
    seen = content.report(
        method=request.method,
        path=request.path_params["what"],
        query=sorted(request.query_params.multi_items()),
        header=request.headers.get("X-Test"),
        type=request.headers.get("Content-Type"),
        form=sorted(form),
        files=files,
        body=b"" if form or files else await request.body(),
    )
    return Response(seen, media_type="application/json", status_code=201 if request.method == "POST" else 200)


app = Starlette(
    routes=[
        *(
            Route("/" if view.__name__ == "index" else f"/{view.__name__}", view)
            for view in (index, binary, compressed, stream, closed, latin, empty, cookies, away, address)
        ),
        Route("/echo/{what:path}", echo, methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
    ],
    lifespan=lifespan,
)
