from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route


async def hello_world(request):
    return PlainTextResponse("Bienvenido al servidor de Starlette")


app = Starlette(routes=[Route("/", hello_world)])
