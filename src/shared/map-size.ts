/**
 * Bytes of address space that a database of lmdb gets when it is opened; memory is taken only for what is there. A file that
 * outgrows its mapping is mapped anew, and the old mapping stays, so its pages would count twice from then on.
 */
export const MAP_SIZE = 2 ** 30;
