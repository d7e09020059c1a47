# command: validate
/* nothing { yet } */
