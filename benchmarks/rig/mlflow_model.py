"""Runs in the peer's own environment: our pipeline as an MLflow model that gives probabilities.

``python mlflow_model.py MODEL FOLDER TRUSTED`` (a skops file, a new folder, a JSON list).
"""

import json
import sys

import mlflow
from skops import io

model, folder, trusted = sys.argv[1:]
mlflow.sklearn.save_model(
    io.load(model, trusted=json.loads(trusted)),
    folder,
    pyfunc_predict_fn="predict_proba",
    serialization_format="cloudpickle",
    pip_requirements=[],
)
