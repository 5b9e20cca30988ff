"""scikit-learn: any classifier or regressor by name, or an estimator of the notebook."""
