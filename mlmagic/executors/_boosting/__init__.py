"""What boosting libraries share: keys, rows, rounds, early stopping, files. No library is imported here.

A library is a class with the members of :class:`mlmagic.executors._boosting._library.Library`; its executor is this
package's with that class in it.
"""
