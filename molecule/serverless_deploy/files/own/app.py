def app(environ, start_response):
    """Answer what was asked."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["PATH_INFO"].encode()]
