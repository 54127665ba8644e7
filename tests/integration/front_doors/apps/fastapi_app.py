# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import Annotated

import content
from fastapi import FastAPI, File, Form, Request, Response, UploadFile
from fastapi.responses import RedirectResponse, StreamingResponse

STARTS = []


@asynccontextmanager
async def lifespan(_app):
    STARTS.append("start")
    yield {"kept": "of the start"}


app = FastAPI(lifespan=lifespan)


@app.get("/")
def index():
    return Response("Bienvenido, señor", media_type="text/plain")


@app.get("/binary")
def binary():
    return Response(content.PIXEL, media_type="image/png")


@app.get("/compressed")
def compressed():
    return Response(content.COMPRESSED, media_type="text/plain", headers={"Content-Encoding": "gzip"})


@app.get("/stream")
async def stream():
    return StreamingResponse(content.Stream(), media_type="text/plain")


@app.get("/closed")
def closed(request: Request):
    return {"starts": STARTS, "state": request.state.kept}


@app.get("/latin")
def latin():
    return Response(content.LATIN, headers={"Content-Type": "text/plain; charset=iso-8859-1", "X-Name": "año"})


@app.get("/empty", status_code=204)
def empty():
    return None


@app.get("/cookies")
def cookies(request: Request, response: Response):
    for name, value in content.COOKIES.items():
        response.set_cookie(name, value, httponly=True)
    response.headers.append("Link", "</a>; rel=prev")
    response.headers.append("Link", "</b>; rel=next")
    return {"cookies": request.cookies}


@app.get("/away")
def away(request: Request):
    return RedirectResponse(request.url_for("echo", what="aquí").path, status_code=302)


@app.get("/address")
def address(request: Request):
    return {"internal": request.url_for("echo", what="año").path}


@app.post("/echo/upload", status_code=201)
async def upload(title: Annotated[str, Form()], picture: Annotated[UploadFile, File()]):
    return {"title": title, "name": picture.filename, "data": content.report(data=await picture.read()).decode()}


@app.api_route("/echo/{what:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def echo(what: str, request: Request):
    return Response(
        content.report(
            method=request.method,
            path=what,
            query=sorted(request.query_params.multi_items()),
            header=request.headers.get("X-Test"),
            type=request.headers.get("Content-Type"),
            body=await request.body(),
        ),
        media_type="application/json",
        status_code=201 if request.method == "POST" else 200,
    )
