"""The names of the editions: in a sentence, by themselves, and in the heads of columns."""

from ..data.fashion_mnist import OWN_FILES
from .language import Message

IN_A_SENTENCE = {
    "official": Message("the official data"),
    "mxnet": Message("the withdrawn edition of the data"),
    "resplit": Message("re-split data"),
    OWN_FILES: Message("your own files"),
}
EDITION = {
    "official": Message("official edition"),
    "mxnet": Message("withdrawn edition"),
    "resplit": Message("re-split data"),
    OWN_FILES: Message("own files"),
}
SHORT = {
    "official": Message("official"),
    "mxnet": Message("withdrawn"),
    "resplit": Message("re-split"),
    OWN_FILES: Message("own files"),
}
