# The least that answers behind an HTTP API, so that the scenario needs no layer.
import json


def handler(event, context):
    path, method = event["rawPath"], event["requestContext"]["http"]["method"]
    if path == "/":
        return {"statusCode": 200, "body": "Bienvenido al servidor de Flask"}
    if path == "/items" and method == "POST":
        return answer(201, {"name": json.loads(event["body"])["name"], "count": 1})
    if path == "/broken":
        return answer(200, {"share": 1 / 0})
    return answer(404, {"path": "missing"})


def answer(status, content):
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(content)}
