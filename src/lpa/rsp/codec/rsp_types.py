"""The types of `asn1/rsp.asn` as tables, made by `make schema`: never changed by hand.

A type is a kind and what that needs: members (name, tag, whether it is optional, type), an element (tag,
type), the least and the greatest size, or the numbers by name; None if nothing. The tag -1 stands for any.
"""

# fmt: off

from __future__ import annotations

from typing import Any

AuthenticateErrorCode = ("INTEGER", {
    "ciPKUnknown": 7, "euiccChallengeMismatch": 6, "invalidCertificate": 1, "invalidOid": 5,
    "invalidSignature": 2, "noSessionContext": 4, "undefinedError": 127, "unsupportedCurve": 3,
})
Signature = ("OCTET STRING", (64, 64))
KeyIdentifier = ("OCTET STRING", None)
Version = ("OCTET STRING", (3, 3))
DeviceCapabilities = ("SEQUENCE", (
    ("gsmSupportedRelease", 0x80, True, Version),
    ("utranSupportedRelease", 0x81, True, Version),
    ("cdma2000onexSupportedRelease", 0x82, True, Version),
    ("cdma2000hrpdSupportedRelease", 0x83, True, Version),
    ("cdma2000ehrpdSupportedRelease", 0x84, True, Version),
    ("eutranEpcSupportedRelease", 0x85, True, Version),
    ("contactlessSupportedRelease", 0x86, True, Version),
    ("rspCrlSupportedVersion", 0x87, True, Version),
    ("nrEpcSupportedRelease", 0x88, True, Version),
    ("nr5gcSupportedRelease", 0x89, True, Version),
    ("eutran5gcSupportedRelease", 0x8A, True, Version),
    ("lpaSvn", 0x8B, True, Version),
))
DeviceInfo = ("SEQUENCE", (
    ("tac", 0x80, False, ("OCTET STRING", (4, 4))),
    ("deviceCapabilities", 0xA1, False, DeviceCapabilities),
    ("imei", 0x82, True, ("OCTET STRING", (8, 8))),
))
CtxParamsForCommonAuthentication = ("SEQUENCE", (
    ("matchingId", 0x80, True, ("UTF8String", None)),
    ("deviceInfo", 0xA1, False, DeviceInfo),
))
CtxParams1 = ("CHOICE", (
    ("ctxParamsForCommonAuthentication", 0xA0, False, CtxParamsForCommonAuthentication),
))
AuthenticateServerRequest = ("SEQUENCE", (
    ("serverSigned1", -1, False, ("ANY", None)),
    ("serverSignature1", 0x5F37, False, Signature),
    ("euiccCiPKIdToBeUsed", 0x04, False, KeyIdentifier),
    ("serverCertificate", -1, False, ("ANY", None)),
    ("ctxParams1", -1, False, CtxParams1),
))
TransactionId = ("OCTET STRING", (1, 16))
AuthenticateServerResponse = ("TAGGED CHOICE", (
    ("authenticateResponseOk", 0xA0, False, ("SEQUENCE", (
        ("euiccSigned1", -1, False, ("ANY", None)),
        ("euiccSignature1", 0x5F37, False, Signature),
        ("euiccCertificate", -1, False, ("ANY", None)),
        ("eumCertificate", -1, False, ("ANY", None)),
    ))),
    ("authenticateResponseError", 0xA1, False, ("SEQUENCE", (
        ("transactionId", 0x80, False, TransactionId),
        ("authenticateErrorCode", -1, False, ("CHOICE", (
            ("written", 0x02, False, AuthenticateErrorCode),
            ("tagged", 0x81, False, AuthenticateErrorCode),
        ))),
    ))),
))
BppCommandId = ("INTEGER", {
    "configureISDP": 1, "initialiseSecureChannel": 0, "loadProfileElements": 5, "replaceSessionKeys": 4,
    "storeMetadata": 2, "storeMetadata2": 3,
})
CancelSessionReason = ("INTEGER", {
    "endUserRejection": 0, "loadBppExecutionError": 5, "metadataMismatch": 4, "postponed": 1,
    "pprNotAllowed": 3, "timeout": 2, "undefinedReason": 127,
})
CancelSessionRequest = ("SEQUENCE", (
    ("transactionId", 0x80, False, TransactionId),
    ("reason", 0x81, False, CancelSessionReason),
))
CancelSessionResponse = ("TAGGED CHOICE", (
    ("cancelSessionResponseOk", 0xA0, False, ("SEQUENCE", (
        ("euiccCancelSessionSigned", -1, False, ("ANY", None)),
        ("euiccCancelSessionSignature", 0x5F37, False, Signature),
    ))),
    ("cancelSessionResponseError", 0x81, False, ("INTEGER", {
        "invalidTransactionId": 5, "undefinedError": 127,
    })),
))
CertificationData = ("SEQUENCE", (
    ("platformLabel", 0x80, True, ("UTF8String", None)),
    ("discoveryBaseURL", 0x81, True, ("UTF8String", None)),
))
DpProprietaryData = ("SEQUENCE", (
    ("dpOid", 0x80, True, ("OCTET STRING", None)),
))
ConfigureIsdp = ("SEQUENCE", (
    ("dpProprietaryData", 0xB8, True, DpProprietaryData),
))
IsdpAid = ("OCTET STRING", (5, 16))
Iccid = ("OCTET STRING", (10, 10))
DeleteProfileRequest = ("TAGGED CHOICE", (
    ("isdpAid", 0x4F, False, IsdpAid),
    ("iccid", 0x5A, False, Iccid),
))
DeleteProfileResponse = ("SEQUENCE", (
    ("deleteResult", 0x80, False, ("INTEGER", {
        "commandError": 7, "disallowedByPolicy": 3, "disallowedInTestMode": 4, "iccidOrAidNotFound": 1,
        "ok": 0, "profileNotInDisabledState": 2, "undefinedError": 127,
    })),
))
ProfileIdentifier = ("CHOICE", (
    ("isdpAid", 0x4F, False, IsdpAid),
    ("iccid", 0x5A, False, Iccid),
))
DisableProfileRequest = ("SEQUENCE", (
    ("profileIdentifier", 0xA0, False, ("TAGGED CHOICE", ProfileIdentifier[1])),
    ("refreshFlag", 0x81, False, ("BOOLEAN", None)),
))
DisableProfileResponse = ("SEQUENCE", (
    ("disableResult", 0x80, False, ("INTEGER", {
        "catBusy": 5, "commandError": 7, "disallowedByEnterpriseRule": 6, "disallowedByPolicy": 3,
        "disallowedForRpm": 9, "iccidOrAidNotFound": 1, "ok": 0, "profileNotInEnabledState": 2,
        "undefinedError": 127,
    })),
))
DownloadErrorCode = ("INTEGER", {
    "invalidCertificate": 1, "invalidSignature": 2, "invalidTransactionId": 5, "noSessionContext": 4,
    "undefinedError": 127, "unsupportedCurve": 3,
})
EimIdType = ("INTEGER", {
    "fqdn": 2, "oid": 1, "proprietary": 3,
})
EimProtocols = ("BIT STRING", {
    "eimRetrieveHttps": 0, "eimRetrieveCoaps": 1, "eimInjectHttps": 2, "eimInjectCoaps": 3,
    "eimProprietary": 4,
})
EimConfigurationData = ("SEQUENCE", (
    ("eimId", 0x80, False, ("UTF8String", None)),
    ("eimFqdn", 0x81, True, ("UTF8String", None)),
    ("eimIdType", 0x82, True, EimIdType),
    ("counterValue", 0x83, True, ("INTEGER", None)),
    ("associationToken", 0x84, True, ("INTEGER", None)),
    ("eimSupportedProtocol", 0x87, True, EimProtocols),
    ("euiccCiPKId", 0x88, True, KeyIdentifier),
    ("indirectProfileDownload", 0x89, True, ("OCTET STRING", None)),
))
EnableProfileRequest = ("SEQUENCE", (
    ("profileIdentifier", 0xA0, False, ("TAGGED CHOICE", ProfileIdentifier[1])),
    ("refreshFlag", 0x81, False, ("BOOLEAN", None)),
))
EnableProfileResponse = ("SEQUENCE", (
    ("enableResult", 0x80, False, ("INTEGER", {
        "catBusy": 5, "commandError": 7, "disallowedByEnterpriseRule": 6, "disallowedByPolicy": 3,
        "disallowedForRpm": 9, "iccidOrAidNotFound": 1, "noEsimPortAvailable": 10, "ok": 0,
        "profileNotInDisabledState": 2, "undefinedError": 127, "wrongProfileReenabling": 4,
    })),
))
ErrorReason = ("INTEGER", {
    "enterpriseOidMismatch": 20, "enterpriseProfileNotAllowed": 19, "enterpriseProfilesNotSupported": 17,
    "enterpriseProfilesOnly": 22, "enterpriseRulesError": 21, "enterpriseRulesNotAllowed": 18,
    "incorrectInputValues": 1, "installFailedDueToDataMismatch": 13,
    "installFailedDueToIccidAlreadyExistsOnEuicc": 9, "installFailedDueToInsufficientMemoryForProfile": 10,
    "installFailedDueToInterruption": 11, "installFailedDueToPEProcessingError": 12,
    "installFailedDueToUnknownError": 127, "insufficientMinimumSecurityLevel": 31, "invalidSignature": 2,
    "invalidTransactionId": 3, "lprNotSupported": 23, "pprNotAllowed": 15, "scp03tSecurityError": 8,
    "scp03tStructureError": 7, "serverAddressAbsentInEuiccAllowList": 32,
    "testProfileInstallFailedDueToInvalidNaaKey": 14, "unknownTlvInMetadata": 26, "unsupportedCrtValues": 4,
    "unsupportedProfileClass": 6, "unsupportedRemoteOperationType": 5,
})
ErrorResult = ("SEQUENCE", (
    ("bppCommandId", 0x80, False, BppCommandId),
    ("errorReason", 0x81, False, ErrorReason),
    ("simaResponse", 0x82, True, ("OCTET STRING", None)),
))
Oid = ("OCTET STRING", None)
EuiccCancelSessionSigned = ("SEQUENCE", (
    ("transactionId", 0x80, False, TransactionId),
    ("smdpOid", 0x81, False, Oid),
    ("reason", 0x82, False, CancelSessionReason),
))
EuiccCategory = ("INTEGER", {
    "basicEuicc": 1, "contactlessEuicc": 3, "mediumEuicc": 2, "other": 0,
})
ResetOptions = ("BIT STRING", {
    "deleteOperationalProfiles": 0, "deleteFieldLoadedTestProfiles": 1, "resetDefaultSmdpAddress": 2,
    "deletePreLoadedTestProfiles": 3, "deleteProvisioningProfiles": 4,
})
EuiccMemoryResetRequest = ("SEQUENCE", (
    ("resetOptions", 0x82, False, ResetOptions),
))
EuiccMemoryResetResponse = ("SEQUENCE", (
    ("resetResult", 0x80, False, ("INTEGER", {
        "catBusy": 5, "nothingToDelete": 1, "ok": 0, "undefinedError": 127,
    })),
))
EuiccSigned1 = ("SEQUENCE", (
    ("transactionId", 0x80, False, TransactionId),
    ("serverAddress", 0x83, False, ("UTF8String", None)),
    ("serverChallenge", 0x84, False, ("OCTET STRING", (16, 16))),
    ("euiccInfo2", -1, False, ("ANY", None)),
    ("ctxParams1", -1, False, CtxParams1),
))
OneTimeKey = ("OCTET STRING", (65, 65))
EuiccSigned2 = ("SEQUENCE", (
    ("transactionId", 0x80, False, TransactionId),
    ("euiccOtpk", 0x5F49, False, OneTimeKey),
    ("hashCc", 0x04, True, ("OCTET STRING", (32, 32))),
))
TagList = ("OCTET STRING", None)
GetEIDRequest = ("SEQUENCE", (
    ("tagList", 0x5C, False, TagList),
))
GetEIDResponse = ("SEQUENCE", (
    ("eidValue", 0x5A, False, ("OCTET STRING", (16, 16))),
))
GetEimConfigurationDataRequest = ("SEQUENCE", ())
GetEimConfigurationDataResponse = ("SEQUENCE", (
    ("eimConfigurationDataList", 0xA0, False, ("SEQUENCE OF", (0x30, EimConfigurationData))),
))
GetEuiccChallengeRequest = ("SEQUENCE", ())
GetEuiccChallengeResponse = ("SEQUENCE", (
    ("euiccChallenge", 0x80, False, ("OCTET STRING", (16, 16))),
))
GetEuiccConfiguredAddressesRequest = ("SEQUENCE", ())
GetEuiccConfiguredAddressesResponse = ("SEQUENCE", (
    ("defaultDpAddress", 0x80, True, ("UTF8String", None)),
    ("rootDsAddress", 0x81, True, ("UTF8String", None)),
))
GetEuiccInfo1Request = ("SEQUENCE", ())
GetEuiccInfo1Response = ("SEQUENCE", (
    ("svn", 0x82, False, Version),
    ("euiccCiPKIdListForVerification", 0xA9, False, ("SEQUENCE OF", (0x04, KeyIdentifier))),
    ("euiccCiPKIdListForSigning", 0xAA, False, ("SEQUENCE OF", (0x04, KeyIdentifier))),
))
GetEuiccInfo2Request = ("SEQUENCE", ())
UiccCapability = ("BIT STRING", {
    "contactlessSupport": 0, "usimSupport": 1, "isimSupport": 2, "csimSupport": 3, "akaMilenage": 4,
    "akaCave": 5, "akaTuak128": 6, "akaTuak256": 7, "usimTestAlgorithm": 8, "rfu": 9, "gbaAuthenUsim": 10,
    "gbaAuthenISim": 11, "mbmsAuthenUsim": 12, "eapClient": 13, "javacard": 14, "multos": 15,
    "multipleUsimSupport": 16, "multipleIsimSupport": 17, "multipleCsimSupport": 18, "berTlvFileSupport": 19,
    "dfLinkSupport": 20, "catTp": 21, "getIdentity": 22, "profile-a-x25519": 23, "profile-b-p256": 24,
    "suciCalculatorApi": 25, "dns-resolution": 26, "scp11ac": 27, "scp11c-authorization-mechanism": 28,
    "s16mode": 29, "eaka": 30, "iotminimal": 31,
})
RspCapability = ("BIT STRING", {
    "additionalProfile": 0, "loadCrlSupport": 1, "rpmSupport": 2, "testProfileSupport": 3,
    "deviceInfoExtensibilitySupport": 4, "serviceSpecificDataSupport": 5, "hriServerAddressSupport": 6,
    "serviceProviderMessageSupport": 7, "lpaProxySupport": 8, "enterpriseProfilesSupport": 9,
    "serviceDescriptionSupport": 10, "deviceChangeSupport": 11, "encryptedDeviceChangeDataSupport": 12,
    "estimatedProfileSizeIndicationSupport": 13, "profileSizeInProfilesInfoSupport": 14,
    "crlStaplingV3Support": 15, "certChainV3VerificationSupport": 16, "signedSmdsResponseV3Support": 17,
    "euiccRspCapInInfo1": 18, "osUpdateSupport": 19, "cancelForEmptySpnPnSupport": 20,
    "updateNotifConfigInfoSupport": 21, "updateMetadataV3Support": 22, "v3ObjectsInCtxParamsCASupport": 23,
    "pushServiceRegistrationSupport": 24, "iotMetadata": 26, "mslCheck": 27, "serverAllowlist": 28,
})
PolicyRules = ("BIT STRING", {
    "pprUpdateControl": 0, "ppr1": 1, "ppr2": 2,
})
TreProperties = ("BIT STRING", {
    "isDiscrete": 0, "isIntegrated": 1, "usesRemoteMemory": 2,
})
LpaMode = ("INTEGER", {
    "lpad": 0, "lpae": 1,
})
IotSpecificInfo = ("SEQUENCE", (
    ("iotVersion", 0xA0, True, ("SEQUENCE OF", (0x04, Version))),
    ("ecallSupported", 0x81, True, ("OCTET STRING", None)),
    ("fallbackSupported", 0x82, True, ("OCTET STRING", None)),
))
GetEuiccInfo2Response = ("SEQUENCE", (
    ("profileVersion", 0x81, True, Version),
    ("svn", 0x82, True, Version),
    ("euiccFirmwareVer", 0x83, True, Version),
    ("extCardResource", 0x84, True, ("OCTET STRING", None)),
    ("uiccCapability", 0x85, True, UiccCapability),
    ("ts102241Version", 0x86, True, Version),
    ("globalplatformVersion", 0x87, True, Version),
    ("rspCapability", 0x88, True, RspCapability),
    ("euiccCiPKIdListForVerification", 0xA9, True, ("SEQUENCE OF", (0x04, KeyIdentifier))),
    ("euiccCiPKIdListForSigning", 0xAA, True, ("SEQUENCE OF", (0x04, KeyIdentifier))),
    ("euiccCategory", 0x8B, True, EuiccCategory),
    ("forbiddenProfilePolicyRules", 0x99, True, PolicyRules),
    ("ppVersion", 0x04, True, Version),
    ("sasAcreditationNumber", 0x0C, True, ("UTF8String", None)),
    ("certificationDataObject", 0xAC, True, CertificationData),
    ("treProperties", 0x8D, True, TreProperties),
    ("treProductReference", 0x8E, True, ("UTF8String", None)),
    ("additionalEuiccProfilePackageVersions", 0xAF, True, ("SEQUENCE OF", (0x04, Version))),
    ("lpaMode", 0x90, True, LpaMode),
    ("euiccCiPKIdListForSigningV3", 0xB1, True, ("SEQUENCE OF", (0x04, KeyIdentifier))),
    ("additionalEuiccInfo", 0x92, True, ("OCTET STRING", None)),
    ("highestSvn", 0x93, True, Version),
    ("iotSpecificInfo", 0xB4, True, IotSpecificInfo),
))
ProfileClass = ("INTEGER", {
    "operational": 2, "provisioning": 1, "test": 0,
})
GetProfilesInfoRequest = ("SEQUENCE", (
    ("searchCriteria", 0xA0, True, ("TAGGED CHOICE", (
        ("isdpAid", 0x4F, False, IsdpAid),
        ("iccid", 0x5A, False, Iccid),
        ("profileClass", 0x95, False, ProfileClass),
    ))),
    ("tagList", 0x5C, True, TagList),
))
ProfileState = ("INTEGER", {
    "disabled": 0, "enabled": 1,
})
IconType = ("INTEGER", {
    "jpg": 0, "png": 1,
})
NotificationEvent = ("BIT STRING", {
    "install": 0, "enable": 1, "disable": 2, "delete": 3, "rpmEnable": 4, "rpmDisable": 5, "rpmDelete": 6,
    "rpmPackageResult": 7,
})
NotificationConfiguration = ("SEQUENCE", (
    ("profileManagementOperation", 0x80, False, NotificationEvent),
    ("notificationAddress", 0x81, False, ("UTF8String", None)),
))
OperatorId = ("SEQUENCE", (
    ("mccMnc", 0x80, False, ("OCTET STRING", (3, 3))),
    ("gid1", 0x81, True, ("OCTET STRING", None)),
    ("gid2", 0x82, True, ("OCTET STRING", None)),
))
ProfileInfo = ("SEQUENCE", (
    ("iccid", 0x5A, True, Iccid),
    ("isdpAid", 0x4F, True, IsdpAid),
    ("profileState", 0x9F70, True, ProfileState),
    ("profileNickname", 0x90, True, ("UTF8String", None)),
    ("serviceProviderName", 0x91, True, ("UTF8String", None)),
    ("profileName", 0x92, True, ("UTF8String", None)),
    ("iconType", 0x93, True, IconType),
    ("icon", 0x94, True, ("OCTET STRING", (0, 1024))),
    ("profileClass", 0x95, True, ProfileClass),
    ("notificationConfigurationInfo", 0xB6, True, ("SEQUENCE OF", (0x30, NotificationConfiguration))),
    ("profileOwner", 0xB7, True, OperatorId),
    ("dpProprietaryData", 0xB8, True, DpProprietaryData),
    ("profilePolicyRules", 0x99, True, PolicyRules),
    ("serviceSpecificDataStoredInEuicc", 0xBF22, True, ("SEQUENCE OF", (-1, ("ANY", None)))),
    ("refArDo", 0xBF76, True, ("SEQUENCE OF", (-1, ("ANY", None)))),
    ("enabledOnEsimPort", 0x9F24, True, ("INTEGER", None)),
    ("fallbackAttribute", 0x9F26, True, ("BOOLEAN", None)),
    ("fallbackAllowed", 0x9F67, True, ("BOOLEAN", None)),
    ("ecallIndication", 0x9F7B, True, ("BOOLEAN", None)),
))
GetProfilesInfoResponse = ("TAGGED CHOICE", (
    ("profileInfoListOk", 0xA0, False, ("SEQUENCE OF", (0xE3, ProfileInfo))),
    ("profileInfoListError", 0x81, False, ("INTEGER", {
        "incorrectInputValues": 1, "profileChangeOngoing": 11, "undefinedError": 127,
    })),
))
GetRATRequest = ("SEQUENCE", ())
PprFlags = ("BIT STRING", {
    "consentRequired": 0,
})
ProfilePolicyAuthorisationRule = ("SEQUENCE", (
    ("pprIds", 0x80, False, PolicyRules),
    ("allowedOperators", 0xA1, False, ("SEQUENCE OF", (0x30, OperatorId))),
    ("pprFlags", 0x82, False, PprFlags),
))
GetRATResponse = ("SEQUENCE", (
    ("rat", 0xA0, False, ("SEQUENCE OF", (0x30, ProfilePolicyAuthorisationRule))),
))
InitialiseSecureChannel = ("SEQUENCE", (
    ("remoteOpId", 0x82, False, ("INTEGER", {
        "installBoundProfilePackage": 1,
    })),
    ("transactionId", 0x80, False, TransactionId),
    ("controlRefTemplate", 0xA6, False, ("SEQUENCE", (
        ("keyType", 0x80, False, ("OCTET STRING", (1, 1))),
        ("keyLen", 0x81, False, ("OCTET STRING", (1, 1))),
        ("hostId", 0x84, False, ("OCTET STRING", None)),
    ))),
    ("smdpOtpk", 0x5F49, False, OneTimeKey),
    ("smdpSign", 0x5F37, False, Signature),
))
ListNotificationRequest = ("SEQUENCE", (
    ("profileManagementOperation", 0x81, True, NotificationEvent),
))
NotificationMetadata = ("SEQUENCE", (
    ("seqNumber", 0x80, False, ("INTEGER", None)),
    ("profileManagementOperation", 0x81, False, NotificationEvent),
    ("notificationAddress", 0x0C, False, ("UTF8String", None)),
    ("iccid", 0x5A, True, Iccid),
))
ListNotificationResponse = ("TAGGED CHOICE", (
    ("notificationMetadataList", 0xA0, False, ("SEQUENCE OF", (0xBF2F, NotificationMetadata))),
    ("listNotificationsResultError", 0x81, False, ("INTEGER", {
        "undefinedError": 127,
    })),
))
NotificationSentRequest = ("SEQUENCE", (
    ("seqNumber", 0x80, False, ("INTEGER", None)),
))
NotificationSentResponse = ("SEQUENCE", (
    ("deleteNotificationStatus", 0x80, False, ("INTEGER", {
        "nothingToDelete": 1, "ok": 0, "undefinedError": 127,
    })),
))
OtherSignedNotification = ("SEQUENCE", (
    ("tbsOtherNotification", 0xBF2F, False, NotificationMetadata),
    ("euiccNotificationSignature", 0x5F37, False, ("OCTET STRING", None)),
    ("euiccCertificate", -1, False, ("ANY", None)),
    ("eumCertificate", -1, False, ("ANY", None)),
))
PrepareDownloadRequest = ("SEQUENCE", (
    ("smdpSigned2", -1, False, ("ANY", None)),
    ("smdpSignature2", 0x5F37, False, Signature),
    ("hashCc", 0x04, True, ("OCTET STRING", (32, 32))),
    ("smdpCertificate", -1, False, ("ANY", None)),
))
PrepareDownloadResponse = ("TAGGED CHOICE", (
    ("downloadResponseOk", 0xA0, False, ("SEQUENCE", (
        ("euiccSigned2", -1, False, ("ANY", None)),
        ("euiccSignature2", 0x5F37, False, Signature),
    ))),
    ("downloadResponseError", 0xA1, False, ("SEQUENCE", (
        ("transactionId", 0x80, False, TransactionId),
        ("downloadErrorCode", -1, False, ("CHOICE", (
            ("written", 0x02, False, DownloadErrorCode),
            ("tagged", 0x81, False, DownloadErrorCode),
        ))),
    ))),
))
SuccessResult = ("SEQUENCE", (
    ("aid", 0x4F, False, IsdpAid),
    ("simaResponse", 0x04, False, ("OCTET STRING", None)),
))
ProfileInstallationResultData = ("SEQUENCE", (
    ("transactionId", 0x80, False, TransactionId),
    ("notificationMetadata", 0xBF2F, False, NotificationMetadata),
    ("smdpOid", 0x06, True, ("OBJECT IDENTIFIER", None)),
    ("finalResult", 0xA2, False, ("TAGGED CHOICE", (
        ("successResult", 0xA0, False, SuccessResult),
        ("errorResult", 0xA1, False, ErrorResult),
    ))),
))
ProfileInstallationResult = ("SEQUENCE", (
    ("profileInstallationResultData", 0xBF27, False, ProfileInstallationResultData),
    ("euiccSignPIR", 0x5F37, False, Signature),
))
ReplaceSessionKeys = ("SEQUENCE", (
    ("initialMacChainingValue", 0x80, False, ("OCTET STRING", (16, 16))),
    ("ppkEnc", 0x81, False, ("OCTET STRING", (16, 16))),
    ("ppkCmac", 0x82, False, ("OCTET STRING", (16, 16))),
))
RetrieveNotificationsListRequest = ("SEQUENCE", (
    ("searchCriteria", 0xA0, True, ("TAGGED CHOICE", (
        ("seqNumber", 0x80, False, ("INTEGER", None)),
        ("profileManagementOperation", 0x81, False, NotificationEvent),
    ))),
))
RetrieveNotificationsListResponse = ("TAGGED CHOICE", (
    ("notificationList", 0xA0, False, ("SEQUENCE OF", (-1, ("ANY", None)))),
    ("notificationsListResultError", 0x81, False, ("INTEGER", {
        "noResultAvailable": 1, "undefinedError": 127,
    })),
))
ServerSigned1 = ("SEQUENCE", (
    ("transactionId", 0x80, False, TransactionId),
    ("euiccChallenge", 0x81, False, ("OCTET STRING", (16, 16))),
    ("serverAddress", 0x83, False, ("UTF8String", None)),
    ("serverChallenge", 0x84, False, ("OCTET STRING", (16, 16))),
))
SetDefaultDpAddressRequest = ("SEQUENCE", (
    ("defaultDpAddress", 0x80, False, ("UTF8String", None)),
))
SetDefaultDpAddressResponse = ("SEQUENCE", (
    ("setDefaultDpAddressResult", 0x80, False, ("INTEGER", {
        "ok": 0, "undefinedError": 127,
    })),
))
SetNicknameRequest = ("SEQUENCE", (
    ("iccid", 0x5A, False, Iccid),
    ("profileNickname", 0x90, False, ("UTF8String", None)),
))
SetNicknameResponse = ("SEQUENCE", (
    ("setNicknameResult", 0x80, False, ("INTEGER", {
        "iccidNotFound": 1, "ok": 0, "undefinedError": 127,
    })),
))
SmdpSigned2 = ("SEQUENCE", (
    ("transactionId", 0x80, False, TransactionId),
    ("ccRequiredFlag", 0x01, False, ("BOOLEAN", None)),
    ("bppEuiccOtpk", 0x5F49, True, OneTimeKey),
))
StoreMetadata = ("SEQUENCE", (
    ("iccid", 0x5A, False, Iccid),
    ("serviceProviderName", 0x91, False, ("UTF8String", None)),
    ("profileName", 0x92, False, ("UTF8String", None)),
    ("iconType", 0x93, True, IconType),
    ("icon", 0x94, True, ("OCTET STRING", (0, 1024))),
    ("profileClass", 0x95, True, ProfileClass),
    ("notificationConfigurationInfo", 0xB6, True, ("SEQUENCE OF", (0x30, NotificationConfiguration))),
    ("profileOwner", 0xB7, True, OperatorId),
    ("profilePolicyRules", 0x99, True, PolicyRules),
))
TYPES: dict[str, tuple[int, tuple[str, Any]]] = {
    "AuthenticateErrorCode": (0x02, AuthenticateErrorCode),
    "AuthenticateServerRequest": (0xBF38, AuthenticateServerRequest),
    "AuthenticateServerResponse": (0xBF38, AuthenticateServerResponse),
    "BppCommandId": (0x02, BppCommandId),
    "CancelSessionReason": (0x02, CancelSessionReason),
    "CancelSessionRequest": (0xBF41, CancelSessionRequest),
    "CancelSessionResponse": (0xBF41, CancelSessionResponse),
    "CertificationData": (0x30, CertificationData),
    "ConfigureIsdp": (0xBF24, ConfigureIsdp),
    "CtxParams1": (-1, CtxParams1),
    "CtxParamsForCommonAuthentication": (0x30, CtxParamsForCommonAuthentication),
    "DeleteProfileRequest": (0xBF33, DeleteProfileRequest),
    "DeleteProfileResponse": (0xBF33, DeleteProfileResponse),
    "DeviceCapabilities": (0x30, DeviceCapabilities),
    "DeviceInfo": (0x30, DeviceInfo),
    "DisableProfileRequest": (0xBF32, DisableProfileRequest),
    "DisableProfileResponse": (0xBF32, DisableProfileResponse),
    "DownloadErrorCode": (0x02, DownloadErrorCode),
    "DpProprietaryData": (0x30, DpProprietaryData),
    "EimConfigurationData": (0x30, EimConfigurationData),
    "EimIdType": (0x02, EimIdType),
    "EimProtocols": (0x03, EimProtocols),
    "EnableProfileRequest": (0xBF31, EnableProfileRequest),
    "EnableProfileResponse": (0xBF31, EnableProfileResponse),
    "ErrorReason": (0x02, ErrorReason),
    "ErrorResult": (0x30, ErrorResult),
    "EuiccCancelSessionSigned": (0x30, EuiccCancelSessionSigned),
    "EuiccCategory": (0x02, EuiccCategory),
    "EuiccMemoryResetRequest": (0xBF34, EuiccMemoryResetRequest),
    "EuiccMemoryResetResponse": (0xBF34, EuiccMemoryResetResponse),
    "EuiccSigned1": (0x30, EuiccSigned1),
    "EuiccSigned2": (0x30, EuiccSigned2),
    "GetEIDRequest": (0xBF3E, GetEIDRequest),
    "GetEIDResponse": (0xBF3E, GetEIDResponse),
    "GetEimConfigurationDataRequest": (0xBF55, GetEimConfigurationDataRequest),
    "GetEimConfigurationDataResponse": (0xBF55, GetEimConfigurationDataResponse),
    "GetEuiccChallengeRequest": (0xBF2E, GetEuiccChallengeRequest),
    "GetEuiccChallengeResponse": (0xBF2E, GetEuiccChallengeResponse),
    "GetEuiccConfiguredAddressesRequest": (0xBF3C, GetEuiccConfiguredAddressesRequest),
    "GetEuiccConfiguredAddressesResponse": (0xBF3C, GetEuiccConfiguredAddressesResponse),
    "GetEuiccInfo1Request": (0xBF20, GetEuiccInfo1Request),
    "GetEuiccInfo1Response": (0xBF20, GetEuiccInfo1Response),
    "GetEuiccInfo2Request": (0xBF22, GetEuiccInfo2Request),
    "GetEuiccInfo2Response": (0xBF22, GetEuiccInfo2Response),
    "GetProfilesInfoRequest": (0xBF2D, GetProfilesInfoRequest),
    "GetProfilesInfoResponse": (0xBF2D, GetProfilesInfoResponse),
    "GetRATRequest": (0xBF43, GetRATRequest),
    "GetRATResponse": (0xBF43, GetRATResponse),
    "Iccid": (0x5A, Iccid),
    "IconType": (0x02, IconType),
    "InitialiseSecureChannel": (0xBF23, InitialiseSecureChannel),
    "IotSpecificInfo": (0x30, IotSpecificInfo),
    "IsdpAid": (0x4F, IsdpAid),
    "KeyIdentifier": (0x04, KeyIdentifier),
    "ListNotificationRequest": (0xBF28, ListNotificationRequest),
    "ListNotificationResponse": (0xBF28, ListNotificationResponse),
    "LpaMode": (0x02, LpaMode),
    "NotificationConfiguration": (0x30, NotificationConfiguration),
    "NotificationEvent": (0x03, NotificationEvent),
    "NotificationMetadata": (0xBF2F, NotificationMetadata),
    "NotificationSentRequest": (0xBF30, NotificationSentRequest),
    "NotificationSentResponse": (0xBF30, NotificationSentResponse),
    "Oid": (0x04, Oid),
    "OneTimeKey": (0x5F49, OneTimeKey),
    "OperatorId": (0x30, OperatorId),
    "OtherSignedNotification": (0x30, OtherSignedNotification),
    "PolicyRules": (0x03, PolicyRules),
    "PprFlags": (0x03, PprFlags),
    "PrepareDownloadRequest": (0xBF21, PrepareDownloadRequest),
    "PrepareDownloadResponse": (0xBF21, PrepareDownloadResponse),
    "ProfileClass": (0x02, ProfileClass),
    "ProfileIdentifier": (-1, ProfileIdentifier),
    "ProfileInfo": (0xE3, ProfileInfo),
    "ProfileInstallationResult": (0xBF37, ProfileInstallationResult),
    "ProfileInstallationResultData": (0xBF27, ProfileInstallationResultData),
    "ProfilePolicyAuthorisationRule": (0x30, ProfilePolicyAuthorisationRule),
    "ProfileState": (0x02, ProfileState),
    "ReplaceSessionKeys": (0xBF26, ReplaceSessionKeys),
    "ResetOptions": (0x03, ResetOptions),
    "RetrieveNotificationsListRequest": (0xBF2B, RetrieveNotificationsListRequest),
    "RetrieveNotificationsListResponse": (0xBF2B, RetrieveNotificationsListResponse),
    "RspCapability": (0x03, RspCapability),
    "ServerSigned1": (0x30, ServerSigned1),
    "SetDefaultDpAddressRequest": (0xBF3F, SetDefaultDpAddressRequest),
    "SetDefaultDpAddressResponse": (0xBF3F, SetDefaultDpAddressResponse),
    "SetNicknameRequest": (0xBF29, SetNicknameRequest),
    "SetNicknameResponse": (0xBF29, SetNicknameResponse),
    "Signature": (0x5F37, Signature),
    "SmdpSigned2": (0x30, SmdpSigned2),
    "StoreMetadata": (0xBF25, StoreMetadata),
    "SuccessResult": (0x30, SuccessResult),
    "TagList": (0x5C, TagList),
    "TransactionId": (0x04, TransactionId),
    "TreProperties": (0x03, TreProperties),
    "UiccCapability": (0x03, UiccCapability),
    "Version": (0x04, Version),
}
