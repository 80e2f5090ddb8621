/* service.h - the service for tools. */
#ifndef ABBEY_BLOCK_SERVICE_H
#define ABBEY_BLOCK_SERVICE_H

#include "image.h"

#include <abbey/image.h>

extern const abbey_host_image_1 image_service;

#endif
