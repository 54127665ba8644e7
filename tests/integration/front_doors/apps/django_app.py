# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import content
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse

settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="of a test",
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    DATA_UPLOAD_MAX_MEMORY_SIZE=6 * 1024 * 1024,
)


def index(_request):
    return HttpResponse("Bienvenido, señor")


def binary(_request):
    return HttpResponse(content.PIXEL, content_type="image/png")


def compressed(_request):
    return HttpResponse(content.COMPRESSED, content_type="text/plain", headers={"Content-Encoding": "gzip"})


def stream(_request):
    return StreamingHttpResponse(content.Stream(), content_type="text/plain")


def closed(_request):
    return HttpResponse(content.closed())


def latin(_request):
    return HttpResponse(content.LATIN, content_type="text/plain; charset=iso-8859-1")


def empty(_request):
    return HttpResponse(status=204)


def cookies(request):
    response = HttpResponse(content.report(cookies=dict(request.COOKIES)), content_type="application/json")
    for name, value in content.COOKIES.items():
        response.set_cookie(name, value, httponly=True)
    response["Link"] = "</a>; rel=prev, </b>; rel=next"
    return response


def away(_request):
    return redirect("echo", what="aquí")


def address(_request):
    return HttpResponse(content.report(internal=reverse("echo", kwargs={"what": "año"})))


def echo(request, what):
    form = [(name, value) for name in request.POST for value in request.POST.getlist(name)]
    seen = content.report(
        method=request.method,
        path=what,
        query=sorted((name, value) for name in request.GET for value in request.GET.getlist(name)),
        header=request.headers.get("X-Test"),
        type=request.headers.get("Content-Type"),
        form=sorted(form),
        files={name: [file.name, content.report(data=file.read()).decode()] for name, file in request.FILES.items()},
        body=request.body if not request.FILES and not form else b"",
    )
    return HttpResponse(seen, content_type="application/json", status=201 if request.method == "POST" else 200)


urlpatterns = [
    path("" if view.__name__ == "index" else view.__name__, view)
    for view in (index, binary, compressed, stream, closed, latin, empty, cookies, away, address)
] + [path("echo/<path:what>", echo, name="echo")]
app = get_wsgi_application()
