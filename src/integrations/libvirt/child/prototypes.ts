/**
 * The libvirt functions that Novella calls, as libvirt's headers declare them: a mistake here is a
 * crash. koffi's additions: `_Out_` where libvirt writes, `!` where the caller frees. Source:
 * libvirt/libvirt-{host,domain,network,nodedev,event}.h, libvirt/virterror.h.
 */

/** Each function by its name. */
export const prototypes = {
  virEventRegisterDefaultImpl: 'int virEventRegisterDefaultImpl(void)',
  virEventRunDefaultImpl: 'int virEventRunDefaultImpl(void)',
  virSetErrorFunc: 'void virSetErrorFunc(void *userData, virErrorFunc handler)',
  virConnSetErrorFunc:
    'void virConnSetErrorFunc(virConnectPtr conn, void *userData, virErrorFunc handler)',

  virConnectOpen: 'virConnectPtr virConnectOpen(const char *name)',
  virConnectClose: 'int virConnectClose(virConnectPtr conn)',
  virConnectIsAlive: 'int virConnectIsAlive(virConnectPtr conn)',
  virConnectSetKeepAlive:
    'int virConnectSetKeepAlive(virConnectPtr conn, int interval, unsigned int count)',
  virConnectRegisterCloseCallback:
    'int virConnectRegisterCloseCallback(virConnectPtr conn, virConnectCloseFunc cb, void *opaque, virFreeCallback freecb)',
  virConnectDomainEventRegisterAny:
    'int virConnectDomainEventRegisterAny(virConnectPtr conn, virDomainPtr dom, int eventID, virConnectDomainEventGenericCallback cb, void *opaque, virFreeCallback freecb)',

  virConnectGetType: 'const char * virConnectGetType(virConnectPtr conn)',
  virConnectGetVersion: 'int virConnectGetVersion(virConnectPtr conn, _Out_ unsigned long *hvVer)',
  virConnectGetLibVersion:
    'int virConnectGetLibVersion(virConnectPtr conn, _Out_ unsigned long *libVer)',
  virConnectGetCapabilities: 'char *! virConnectGetCapabilities(virConnectPtr conn)',
  virConnectGetDomainCapabilities:
    'char *! virConnectGetDomainCapabilities(virConnectPtr conn, const char *emulatorbin, const char *arch, const char *machine, const char *virttype, unsigned int flags)',
  virConnectCompareHypervisorCPU:
    'int virConnectCompareHypervisorCPU(virConnectPtr conn, const char *emulator, const char *arch, const char *machine, const char *virttype, const char *xmlCPU, unsigned int flags)',
  virNodeGetInfo: 'int virNodeGetInfo(virConnectPtr conn, _Out_ virNodeInfoPtr info)',

  virConnectListAllDomains:
    'int virConnectListAllDomains(virConnectPtr conn, _Out_ virDomainPtr **domains, unsigned int flags)',
  virDomainLookupByUUIDString:
    'virDomainPtr virDomainLookupByUUIDString(virConnectPtr conn, const char *uuid)',
  virDomainDefineXMLFlags:
    'virDomainPtr virDomainDefineXMLFlags(virConnectPtr conn, const char *xml, unsigned int flags)',
  virDomainCreateXML:
    'virDomainPtr virDomainCreateXML(virConnectPtr conn, const char *xmlDesc, unsigned int flags)',
  virDomainFree: 'int virDomainFree(virDomainPtr domain)',
  virDomainGetUUIDString: 'int virDomainGetUUIDString(virDomainPtr domain, _Out_ char *buf)',
  virDomainGetName: 'const char * virDomainGetName(virDomainPtr domain)',
  virDomainGetState:
    'int virDomainGetState(virDomainPtr domain, _Out_ int *state, _Out_ int *reason, unsigned int flags)',
  virDomainGetXMLDesc: 'char *! virDomainGetXMLDesc(virDomainPtr domain, unsigned int flags)',
  virDomainHasManagedSaveImage:
    'int virDomainHasManagedSaveImage(virDomainPtr dom, unsigned int flags)',
  virDomainCreateWithFlags: 'int virDomainCreateWithFlags(virDomainPtr domain, unsigned int flags)',
  virDomainDestroyFlags: 'int virDomainDestroyFlags(virDomainPtr domain, unsigned int flags)',
  virDomainUndefineFlags: 'int virDomainUndefineFlags(virDomainPtr domain, unsigned int flags)',
  virDomainShutdownFlags: 'int virDomainShutdownFlags(virDomainPtr domain, unsigned int flags)',
  virDomainReboot: 'int virDomainReboot(virDomainPtr domain, unsigned int flags)',
  virDomainReset: 'int virDomainReset(virDomainPtr domain, unsigned int flags)',
  virDomainSuspend: 'int virDomainSuspend(virDomainPtr domain)',
  virDomainResume: 'int virDomainResume(virDomainPtr domain)',
  virDomainInjectNMI: 'int virDomainInjectNMI(virDomainPtr domain, unsigned int flags)',
  virDomainAgentSetResponseTimeout:
    'int virDomainAgentSetResponseTimeout(virDomainPtr domain, int timeout, unsigned int flags)',
  virDomainSetUserPassword:
    'int virDomainSetUserPassword(virDomainPtr dom, const char *user, const char *password, unsigned int flags)',
  virDomainListGetStats:
    'int virDomainListGetStats(virDomainPtr *doms, unsigned int stats, _Out_ virDomainStatsRecordPtr **retStats, unsigned int flags)',
  virDomainStatsRecordListFree: 'void virDomainStatsRecordListFree(virDomainStatsRecordPtr *stats)',
  virDomainMigrateToURI3:
    'int virDomainMigrateToURI3(virDomainPtr domain, const char *dconnuri, virTypedParameterPtr params, unsigned int nparams, unsigned int flags)',
  virDomainMigrateSetMaxDowntime:
    'int virDomainMigrateSetMaxDowntime(virDomainPtr domain, unsigned long long downtime, unsigned int flags)',
  virDomainGetJobStats:
    'int virDomainGetJobStats(virDomainPtr domain, _Out_ int *type, _Out_ virTypedParameterPtr *params, _Out_ int *nparams, unsigned int flags)',
  virDomainAbortJob: 'int virDomainAbortJob(virDomainPtr dom)',
  virTypedParamsAddString:
    'int virTypedParamsAddString(_Inout_ virTypedParameterPtr *params, _Inout_ int *nparams, _Inout_ int *maxparams, const char *name, const char *value)',
  virTypedParamsAddInt:
    'int virTypedParamsAddInt(_Inout_ virTypedParameterPtr *params, _Inout_ int *nparams, _Inout_ int *maxparams, const char *name, int value)',
  virTypedParamsAddULLong:
    'int virTypedParamsAddULLong(_Inout_ virTypedParameterPtr *params, _Inout_ int *nparams, _Inout_ int *maxparams, const char *name, unsigned long long value)',
  virTypedParamsFree: 'void virTypedParamsFree(virTypedParameterPtr params, int nparams)',
  virDomainManagedSave: 'int virDomainManagedSave(virDomainPtr dom, unsigned int flags)',
  virDomainManagedSaveRemove:
    'int virDomainManagedSaveRemove(virDomainPtr dom, unsigned int flags)',
  virDomainAttachDeviceFlags:
    'int virDomainAttachDeviceFlags(virDomainPtr domain, const char *xml, unsigned int flags)',
  virDomainDetachDeviceFlags:
    'int virDomainDetachDeviceFlags(virDomainPtr domain, const char *xml, unsigned int flags)',
  virDomainSetMetadata:
    'int virDomainSetMetadata(virDomainPtr domain, int type, const char *metadata, const char *key, const char *uri, unsigned int flags)',

  virConnectListAllNetworks:
    'int virConnectListAllNetworks(virConnectPtr conn, _Out_ virNetworkPtr **nets, unsigned int flags)',
  virNetworkLookupByName:
    'virNetworkPtr virNetworkLookupByName(virConnectPtr conn, const char *name)',
  virNetworkDefineXML: 'virNetworkPtr virNetworkDefineXML(virConnectPtr conn, const char *xmlDesc)',
  virNetworkCreate: 'int virNetworkCreate(virNetworkPtr network)',
  virNetworkDestroy: 'int virNetworkDestroy(virNetworkPtr network)',
  virNetworkUndefine: 'int virNetworkUndefine(virNetworkPtr network)',
  virNetworkIsActive: 'int virNetworkIsActive(virNetworkPtr net)',
  virNetworkGetName: 'const char* virNetworkGetName(virNetworkPtr network)',
  virNetworkFree: 'int virNetworkFree(virNetworkPtr network)',

  virConnectListAllNodeDevices:
    'int virConnectListAllNodeDevices(virConnectPtr conn, _Out_ virNodeDevicePtr **devices, unsigned int flags)',
  virNodeDeviceLookupByName:
    'virNodeDevicePtr virNodeDeviceLookupByName(virConnectPtr conn, const char *name)',
  virNodeDeviceGetName: 'const char * virNodeDeviceGetName(virNodeDevicePtr dev)',
  virNodeDeviceGetXMLDesc:
    'char *! virNodeDeviceGetXMLDesc(virNodeDevicePtr dev, unsigned int flags)',
  virNodeDeviceFree: 'int virNodeDeviceFree(virNodeDevicePtr dev)',
  virConnectNodeDeviceEventRegisterAny:
    'int virConnectNodeDeviceEventRegisterAny(virConnectPtr conn, virNodeDevicePtr dev, int eventID, virConnectNodeDeviceEventGenericCallback cb, void *opaque, virFreeCallback freecb)',
} as const;

/** Those of libvirt-qemu.so.0, which is installed with libvirt. Source: libvirt/libvirt-qemu.h. */
export const qemuPrototypes = {
  virConnectDomainQemuMonitorEventRegister:
    'int virConnectDomainQemuMonitorEventRegister(virConnectPtr conn, virDomainPtr dom, const char *event, virConnectDomainQemuMonitorEventCallback cb, void *opaque, virFreeCallback freecb, unsigned int flags)',
} as const;

/**
 * Functions that libvirt calls. Those named generic are one type in the headers too: libvirt casts
 * it to the event's type.
 */
export const callbackPrototypes = {
  virErrorFunc: 'void virErrorFunc(void *userData, virErrorPtr error)',
  virConnectCloseFunc: 'void virConnectCloseFunc(virConnectPtr conn, int reason, void *opaque)',
  virConnectDomainEventCallback:
    'int virConnectDomainEventCallback(virConnectPtr conn, virDomainPtr dom, int event, int detail, void *opaque)',
  virConnectDomainEventGenericCallback:
    'void virConnectDomainEventGenericCallback(virConnectPtr conn, virDomainPtr dom, void *opaque)',
  virConnectDomainEventDeviceRemovedCallback:
    'void virConnectDomainEventDeviceRemovedCallback(virConnectPtr conn, virDomainPtr dom, const char *devAlias, void *opaque)',
  virConnectDomainQemuMonitorEventCallback:
    'void virConnectDomainQemuMonitorEventCallback(virConnectPtr conn, virDomainPtr dom, const char *event, long long seconds, unsigned int micros, const char *details, void *opaque)',
  virConnectNodeDeviceEventGenericCallback:
    'void virConnectNodeDeviceEventGenericCallback(virConnectPtr conn, virNodeDevicePtr dev, void *opaque)',
  virConnectNodeDeviceEventLifecycleCallback:
    'void virConnectNodeDeviceEventLifecycleCallback(virConnectPtr conn, virNodeDevicePtr dev, int event, int detail, void *opaque)',
} as const;

/** Members of libvirt's structures, in order. */
export const structures = {
  virError: {
    code: 'int',
    domain: 'int',
    message: 'str',
    level: 'int',
    conn: 'void *',
    dom: 'void *',
    str1: 'str',
    str2: 'str',
    str3: 'str',
    int1: 'int',
    int2: 'int',
    net: 'void *',
  },
  virNodeInfo: {
    model: 'char[32]',
    memory: 'unsigned long',
    cpus: 'unsigned int',
    mhz: 'unsigned int',
    nodes: 'unsigned int',
    sockets: 'unsigned int',
    cores: 'unsigned int',
    threads: 'unsigned int',
  },
  virTypedParameter: { field: 'char[80]', type: 'int', value: 'virTypedParameterValue' },
  virDomainStatsRecord: { dom: 'virDomainPtr', params: 'virTypedParameterPtr', nparams: 'int' },
} as const;

/** The union in `virTypedParameter`, which has no name in the headers. */
export const parameterValue = {
  i: 'int',
  ui: 'unsigned int',
  l: 'long long',
  ul: 'unsigned long long',
  d: 'double',
  b: 'char',
  s: 'str',
} as const;

/** Which of them holds the value, by the parameter's `type`. Source: `virTypedParameterType`. */
export const parameterTypes: Record<number, keyof typeof parameterValue> = {
  1: 'i',
  2: 'ui',
  3: 'l',
  4: 'ul',
  5: 'd',
  6: 'b',
  7: 's',
};

export type FunctionName = keyof typeof prototypes | keyof typeof qemuPrototypes;
