"""CatBoost: its scikit-learn estimators by name, or one of the notebook."""
