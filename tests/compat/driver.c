/* A stand-in for NVIDIA's driver, libcuda.so.1: with DEVICES=0 one that finds no device, with
   DEVICES=1 or more one that names GPUs, as NAME, of compute capability MAJOR.MINOR. MXNet links to what
   is answered by NO_DEVICE, and CUDA's runtime, which asks for an undocumented table first, finds none
   either. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>

#define NO_DEVICE 100
#define NOT_INITIALIZED 3
#define NONE(name) \
    int name(void) { return NO_DEVICE; }

NONE(cuDevicePrimaryCtxRetain)
NONE(cuGetErrorString)
NONE(cuGetExportTable)
NONE(cuGraphKernelNodeGetParams)
NONE(cuGraphNodeGetType)
NONE(cuLaunchKernel)
NONE(cuModuleGetFunction)
NONE(cuModuleLoadData)
NONE(cuModuleLoadDataEx)
NONE(cuModuleUnload)

static int ready = 0;

int cuInit(unsigned int flags) {
    ready = 1;
    return DEVICES ? 0 : NO_DEVICE;
}

int cuDriverGetVersion(int *version) {
    *version = 12080;
    return 0;
}

int cuDeviceGetCount(int *count) {
    *count = DEVICES;
    return !ready ? NOT_INITIALIZED : DEVICES ? 0 : NO_DEVICE;
}

int cuDeviceGet(int *device, int index) {
    *device = index;
    return index < DEVICES ? 0 : NO_DEVICE;
}

int cuDeviceGetName(char *name, int length, int device) {
    snprintf(name, length, device ? NAME " %d" : NAME, device);
    return 0;
}

int cuDeviceGetAttribute(int *value, int attribute, int device) {
    *value = attribute == 75 ? MAJOR : attribute == 76 ? MINOR : 0;
    return 0;
}

int cuGetProcAddress(const char *name, void **function, int version, unsigned long long flags) {
    Dl_info self;
    dladdr((void *)cuInit, &self);
    void *found = dlsym(dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD), name);
    *function = found ? found : (void *)cuGetExportTable;
    return 0;
}
