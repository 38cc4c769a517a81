"""How often a token may start what is dear: counted in the broker, so for all processes together.

Calls of one row are counted in each process (``serving``): a round trip to the broker would cost
more than the answer.
"""

import time

import redis

from apps.jobs.pulse import broker
from apps.production.models import ApiToken
from apps.production.refusals import ApiRefusal

BATCHES_A_MINUTE = 10
MINUTE_S = 60


def require_batch(token: ApiToken) -> None:
    """Count a batch of a token, or raise the ApiRefusal that says when it may start the next one.

    Without a broker it refuses: nobody could be counted, and no batch would begin either.
    """
    now = time.time()
    key = f"mlcycle:batches:{token.pk}:{int(now // MINUTE_S)}"
    try:
        with broker() as client:
            pipe = client.pipeline()
            pipe.incr(key)
            pipe.expire(key, 2 * MINUTE_S)
            started = pipe.execute()[0]
    except redis.RedisError as error:
        raise ApiRefusal(
            503,
            "no_broker",
            "The broker does not answer, so no batch would begin. Send it again.",
            headers={"Retry-After": "10"},
        ) from error
    if started > BATCHES_A_MINUTE:
        raise ApiRefusal(
            429,
            "too_many_batches",
            f"This token started {BATCHES_A_MINUTE} batches in this minute. Wait, then send it.",
            headers={"Retry-After": str(int(MINUTE_S - now % MINUTE_S) + 1)},
        )
