from django.http import HttpResponse
from django.urls import path


def hello_world(request):
    return HttpResponse("Bienvenido al servidor de Django")


urlpatterns = [path("", hello_world)]
