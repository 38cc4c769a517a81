"""From the bytes of a request to a prediction: payload, contract, score, release."""
