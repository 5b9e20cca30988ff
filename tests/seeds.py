"""The configs and reports of the two documents that the project was asked for, as they stand there."""

from __future__ import annotations

SHORT = """\
{
  "action": "train",
  "framework": "pytorch",
  "config": {
    "modelScript": "train_model.py",
    "dataPath": "data/train.csv",
    "epochs": 50,
    "batchSize": 32,
    "learningRate": 0.001,
    "validationSplit": 0.2
  },
  "outputDir": "models/run1",
  "gpuEnabled": true
}
"""

PYTORCH = """\
{
  "action": "train",
  "framework": "pytorch",
  "config": {
    "modelScript": "model.py",
    "modelClass": "ResNet50",
    "dataPath": "data/",
    "epochs": 100,
    "batchSize": 64,
    "learningRate": 0.001,
    "optimizer": "adam",
    "lossFunction": "cross_entropy",
    "scheduler": "cosine_annealing",
    "checkpoint": true,
    "checkpointInterval": 10,
    "validationSplit": 0.2,
    "earlyStopping": {"patience": 10, "metric": "val_loss"}
  },
  "outputDir": "models/resnet50_run1",
  "gpuEnabled": true
}
"""

KERAS = """\
{
  "action": "train",
  "framework": "tensorflow",
  "config": {
    "modelScript": "model.py",
    "compiledModel": "model.h5",
    "dataPath": "data/train.tfrecord",
    "epochs": 50,
    "batchSize": 32,
    "validationData": "data/val.tfrecord",
    "callbacks": ["tensorboard", "model_checkpoint", "early_stopping"],
    "metrics": ["accuracy", "precision", "recall"]
  },
  "outputDir": "models/keras_run1",
  "gpuEnabled": true
}
"""

SKLEARN = """\
{
  "action": "train",
  "framework": "sklearn",
  "config": {
    "algorithm": "RandomForestClassifier",
    "dataPath": "data/train.csv",
    "targetColumn": "label",
    "featureColumns": ["feature1", "feature2", "feature3"],
    "hyperparameters": {
      "n_estimators": 100,
      "max_depth": 10,
      "min_samples_split": 2
    },
    "crossValidation": {"folds": 5, "stratified": true},
    "featureScaling": "standard"
  },
  "outputDir": "models/rf_run1"
}
"""

EVALUATION = """\
{
  "action": "evaluate",
  "framework": "pytorch",
  "config": {
    "modelPath": "models/resnet50_run1/best_model.pt",
    "dataPath": "data/test/",
    "batchSize": 64,
    "metrics": ["accuracy", "precision", "recall", "f1", "confusion_matrix"]
  },
  "gpuEnabled": true
}
"""

PREDICTION = """\
{
  "action": "predict",
  "framework": "tensorflow",
  "config": {
    "modelPath": "models/keras_run1/saved_model",
    "inputData": "data/new_samples.csv",
    "batchSize": 32,
    "outputFormat": "probabilities"
  },
  "outputDir": "predictions/",
  "gpuEnabled": true
}
"""

IMAGENET = """\
{
  "action": "train",
  "framework": "pytorch",
  "config": {
    "modelScript": "train_resnet.py",
    "modelClass": "ResNet50",
    "dataPath": "data/imagenet/",
    "epochs": 100,
    "batchSize": 256,
    "learningRate": 0.1,
    "optimizer": "sgd",
    "momentum": 0.9,
    "weightDecay": 0.0001,
    "scheduler": "step_lr",
    "validationSplit": 0.1,
    "checkpointInterval": 5
  },
  "outputDir": "models/resnet50_imagenet",
  "gpuEnabled": true
}
"""

CHURN = """\
{
  "action": "train",
  "framework": "sklearn",
  "config": {
    "algorithm": "XGBClassifier",
    "dataPath": "data/customers.csv",
    "targetColumn": "churn",
    "hyperparameters": {
      "n_estimators": 200,
      "max_depth": 6,
      "learning_rate": 0.1
    },
    "crossValidation": {"folds": 10}
  },
  "outputDir": "models/churn_prediction"
}
"""

GRID_SEARCH = """\
{
  "action": "grid-search",
  "framework": "sklearn",
  "config": {
    "algorithm": "SVC",
    "dataPath": "data/train.csv",
    "targetColumn": "label",
    "paramGrid": {
      "C": [0.1, 1, 10, 100],
      "kernel": ["linear", "rbf"],
      "gamma": ["scale", "auto", 0.001, 0.01]
    },
    "scoring": "f1_weighted",
    "crossValidation": {"folds": 5}
  },
  "outputDir": "models/svc_gridsearch"
}
"""

PREPROCESS = """\
{
  "action": "preprocess",
  "framework": "sklearn",
  "config": {
    "inputData": "data/raw.csv",
    "operations": [
      {"type": "fillna", "strategy": "mean", "columns": ["feature1", "feature2"]},
      {"type": "scale", "method": "standard", "columns": ["feature1", "feature2", "feature3"]},
      {"type": "encode", "method": "onehot", "columns": ["category1", "category2"]},
      {"type": "pca", "nComponents": 10, "columns": ["feature1", "feature2", "feature3"]}
    ],
    "outputPath": "data/preprocessed.csv",
    "saveTransformers": true
  },
  "outputDir": "data/transformers/"
}
"""

FINE_TUNE = """\
{
  "action": "fine-tune",
  "framework": "pytorch",
  "config": {
    "pretrainedModel": "models/bert-base-uncased",
    "dataPath": "data/sentiment_analysis/",
    "epochs": 10,
    "batchSize": 16,
    "learningRate": 2e-5,
    "freezeLayers": ["embeddings", "encoder.layer.0-8"]
  },
  "outputDir": "models/bert_sentiment",
  "gpuEnabled": true
}
"""

TRAINING_RESULTS = """\
{
  "executionReport": {
    "action": "train",
    "framework": "pytorch",
    "exitCode": 0,
    "duration": "2h 15m 30s",
    "status": "success",
    "gpuUsed": true,
    "gpuModel": "NVIDIA RTX 4090",
    "metadata": {
      "epochs": 100,
      "finalEpoch": 100,
      "bestEpoch": 87,
      "earlyStopped": false,
      "trainingTime": "2h 10m 45s",
      "samplesProcessed": 100000,
      "batchSize": 64,
      "modelParameters": 25557032,
      "modelSize": "98.2MB",
      "peakGPUMemory": "8.3GB"
    },
    "metrics": {
      "train": {
        "loss": [0.6234, 0.3456, 0.1234, "...", 0.0234],
        "accuracy": [0.7123, 0.8456, 0.9234, "...", 0.9876],
        "finalLoss": 0.0234,
        "finalAccuracy": 0.9876
      },
      "validation": {
        "loss": [0.6543, 0.3678, 0.1456, "...", 0.0312],
        "accuracy": [0.6987, 0.8234, 0.9123, "...", 0.9823],
        "finalLoss": 0.0312,
        "finalAccuracy": 0.9823,
        "bestLoss": 0.0287,
        "bestAccuracy": 0.9845
      }
    },
    "artifacts": {
      "bestModel": "models/resnet50_run1/best_model.pt",
      "lastModel": "models/resnet50_run1/last_model.pt",
      "optimizer": "models/resnet50_run1/optimizer.pt",
      "trainingLog": "models/resnet50_run1/training.log",
      "metricsCSV": "models/resnet50_run1/metrics.csv",
      "lossPlot": "models/resnet50_run1/loss.png",
      "accuracyPlot": "models/resnet50_run1/accuracy.png"
    }
  }
}
"""

EVALUATION_RESULTS = """\
{
  "executionReport": {
    "action": "evaluate",
    "framework": "pytorch",
    "exitCode": 0,
    "duration": "5m 23s",
    "status": "success",
    "gpuUsed": true,
    "metadata": {
      "samplesEvaluated": 10000,
      "batchSize": 64,
      "inferenceTime": "5m 18s",
      "avgInferenceTimePerSample": "31.8ms"
    },
    "metrics": {
      "accuracy": 0.9823,
      "precision": 0.9834,
      "recall": 0.9812,
      "f1Score": 0.9823,
      "confusionMatrix": [[1234, 23], [45, 8698]],
      "classificationReport": {
        "class_0": {"precision": 0.9651, "recall": 0.9815, "f1": 0.9732},
        "class_1": {"precision": 0.9974, "recall": 0.9948, "f1": 0.9961}
      }
    },
    "artifacts": {
      "predictionsCSV": "predictions/test_predictions.csv",
      "confusionMatrixPlot": "predictions/confusion_matrix.png",
      "rocCurve": "predictions/roc_curve.png"
    }
  }
}
"""

PREDICTION_RESULTS = """\
{
  "executionReport": {
    "action": "predict",
    "framework": "tensorflow",
    "exitCode": 0,
    "duration": "2m 45s",
    "status": "success",
    "gpuUsed": true,
    "metadata": {
      "samplesProcessed": 5000,
      "batchSize": 32,
      "inferenceTime": "2m 40s",
      "avgInferenceTimePerSample": "32ms"
    },
    "predictions": {
      "format": "probabilities",
      "shape": [5000, 10],
      "outputFile": "predictions/predictions.csv",
      "samplePredictions": [
        {"sample_id": 0, "predicted_class": 7, "confidence": 0.9876, "probabilities": [0.001, 0.002, "..."]},
        {"sample_id": 1, "predicted_class": 3, "confidence": 0.8234, "probabilities": [0.012, 0.034, "..."]}
      ]
    },
    "artifacts": {
      "predictionsCSV": "predictions/predictions.csv",
      "predictionsJSON": "predictions/predictions.json"
    }
  }
}
"""

CROSS_VALIDATION_RESULTS = """\
{
  "executionReport": {
    "action": "train",
    "framework": "sklearn",
    "exitCode": 0,
    "duration": "3m 12s",
    "status": "success",
    "metadata": {
      "algorithm": "RandomForestClassifier",
      "samplesProcessed": 10000,
      "features": 20,
      "crossValidationFolds": 5,
      "modelSize": "45.3MB"
    },
    "metrics": {
      "crossValidation": {
        "accuracy": [0.9234, 0.9345, 0.9289, 0.9312, 0.9267],
        "meanAccuracy": 0.9289,
        "stdAccuracy": 0.0042,
        "f1Score": [0.9123, 0.9234, 0.9178, 0.9201, 0.9156],
        "meanF1": 0.9178,
        "stdF1": 0.0044
      },
      "finalModel": {
        "trainAccuracy": 0.9987,
        "testAccuracy": 0.9312
      }
    },
    "artifacts": {
      "model": "models/rf_run1/model.pkl",
      "scaler": "models/rf_run1/scaler.pkl",
      "featureImportances": "models/rf_run1/feature_importances.csv",
      "metricsPlot": "models/rf_run1/cv_metrics.png"
    }
  }
}
"""

TRAINING_CONFIG = """\
model:
  architecture: resnet50
  pretrained: true
  num_classes: 10

training:
  batch_size: 32
  epochs: 100
  learning_rate: 0.001
  optimizer: adam
  scheduler: cosine

augmentation:
  enabled: true
  transforms:
    - random_flip
    - random_crop
    - color_jitter

logging:
  tensorboard: true
  wandb: true
  checkpoint_every: 10
"""
