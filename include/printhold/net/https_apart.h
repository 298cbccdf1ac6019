/*
 * https.h by another process, for a program that seldom asks and is to stay
 * small: libcurl and what it brings take 5 MB of memory whoever never asks, too.
 * The program printhold-https (core/net/https_main.c) is started for each
 * request, has it from a socket, and ends; secrets are in neither its arguments
 * nor its environment. Only requests with JSON and answers with text; no session,
 * no range, no on_body.
 */
#ifndef PRINTHOLD_NET_HTTPS_APART_H
#define PRINTHOLD_NET_HTTPS_APART_H

#include "printhold/net/https.h"

/* Where the program is; before the first request. Text is copied. */
void ph_https_apart_program(const char *path);

#endif
