# The least that answers behind an HTTP API, so that the scenario needs no layer.
import json


def handler(event, context):
    if event["rawPath"] == "/":
        return {"statusCode": 200, "body": "Bienvenido al servidor de Flask"}
    return {"statusCode": 404, "headers": {"content-type": "application/json"}, "body": json.dumps({"path": "missing"})}
