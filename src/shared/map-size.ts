/**
 * Bytes of address space that a database of lmdb gets when it is opened; only the pages in use take memory. A file that outgrows
 * its mapping is mapped anew, and the old mapping stays, so its pages would count twice from then on.
 */
export const MAP_SIZE = 2 ** 28;
