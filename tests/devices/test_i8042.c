#include "tests/devices/dut.h"
int main(void){return 0;}
