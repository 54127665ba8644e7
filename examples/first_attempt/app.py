import orjson
from flask import Flask

app = Flask(__name__)


@app.route("/")
def hello_world():
    saludo = orjson.dumps({"saludo": "Bienvenido al servidor de Flask"})
    return app.response_class(saludo, mimetype="application/json")
