# Builds the sample NAME against an installed Abbey: pkg-config says where everything is. Each sample's Makefile is one
# that names it and includes this one.
CFLAGS = -O2 -g -Wall -Wextra
PLUGIN_CFLAGS = $(shell pkg-config --cflags abbey-plugin)
BENCH = $(shell pkg-config --cflags --libs abbey-bench cunit)
ABBEY = abbey

all: $(NAME).so

$(NAME).so: $(NAME).c
	$(CC) $(CFLAGS) $(PLUGIN_CFLAGS) -std=gnu11 -shared -fPIC -fvisibility=hidden -Wl,-z,defs -o $@ $(NAME).c $(LIBS)

test_$(NAME): test_$(NAME).c
	$(CC) $(CFLAGS) -std=gnu11 -o $@ test_$(NAME).c $(BENCH)

# The bench finds plugins on this path: the sample, and what stands beside it in the machine.
check: $(NAME).so test_$(NAME)
	ABBEY_PLUGIN_PATH=".$${ABBEY_PLUGIN_PATH:+:$$ABBEY_PLUGIN_PATH}" ./test_$(NAME)
	$(ABBEY) plugins check ./$(NAME).so

clean:
	rm -f $(NAME).so test_$(NAME)

.PHONY: all check clean
