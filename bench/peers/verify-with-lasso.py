"""Verifies one response again and again with Lasso, and prints the milliseconds of each round as JSON.

Usage: verify-with-lasso.py RESPONSE IDP_METADATA SP_METADATA ROUNDS CALLS; exit status 3 where python3-lasso is not installed.
"""
import base64
import json
import sys
import time

try:
    import lasso
except ImportError:
    sys.exit(3)

response, idp_metadata, sp_metadata, rounds, calls = sys.argv[1:]
message = base64.b64encode(open(response, "rb").read()).decode()
server = lasso.Server(sp_metadata, None, None, None)
server.addProvider(lasso.PROVIDER_ROLE_IDP, idp_metadata, None, None)


def verify():
    login = lasso.Login(server)
    login.processAuthnResponseMsg(message)
    if login.response is None or login.assertion is None:
        raise ValueError("nothing was read")


for _ in range(20):
    verify()
samples = []
for _ in range(int(rounds)):
    start, used = time.perf_counter(), time.process_time()
    for _ in range(int(calls)):
        verify()
    elapsed, processor = time.perf_counter() - start, time.process_time() - used
    samples.append({"elapsed": elapsed * 1000 / int(calls), "processor": processor * 1000 / int(calls)})
print(json.dumps(samples))
