from bottle import Bottle

app = Bottle()


@app.get("/")
def hello_world():
    return "Bienvenido al servidor de Bottle"
