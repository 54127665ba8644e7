from pyramid.config import Configurator
from pyramid.response import Response


def hello_world(request):
    return Response("Bienvenido al servidor de Pyramid")


def create_app():
    with Configurator() as config:
        config.add_route("hello", "/")
        config.add_view(hello_world, route_name="hello")
        return config.make_wsgi_app()
