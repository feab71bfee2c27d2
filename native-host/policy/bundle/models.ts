/** The parts of TUF's models that this room uses; two of them are not exported at the top. */
export { Key, Metadata, MetadataKind, MetaFile, Root, Signature, Snapshot, TargetFile, Targets, Timestamp } from "@tufjs/models";
export { Role } from "@tufjs/models/dist/role.js";
