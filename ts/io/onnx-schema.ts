import type { Type } from 'protobufjs';

// The messages of ONNX's open format (onnx.proto, version 1.17), with every field that models in use carry, so that a
// model can be read, changed and written again without loss.

const field = (id: number, type: string) => ({ id, type });
const list = (id: number, type: string) => ({ id, type, rule: 'repeated' });
/** A list of numbers in one run of bytes. */
const packed = (id: number, type: string) => ({ ...list(id, type), options: { packed: true } });

const metadata = (id: number) => ({ metadataProps: list(id, 'StringStringEntryProto') });
const documented = (id: number) => ({ docString: field(id, 'string') });

const SCHEMA = {
  nested: {
    ModelProto: {
      fields: {
        irVersion: field(1, 'int64'),
        producerName: field(2, 'string'),
        producerVersion: field(3, 'string'),
        domain: field(4, 'string'),
        modelVersion: field(5, 'int64'),
        ...documented(6),
        graph: field(7, 'GraphProto'),
        opsetImport: list(8, 'OperatorSetIdProto'),
        ...metadata(14),
        trainingInfo: list(20, 'TrainingInfoProto'),
        functions: list(25, 'FunctionProto'),
      },
    },
    GraphProto: {
      fields: {
        node: list(1, 'NodeProto'),
        name: field(2, 'string'),
        initializer: list(5, 'TensorProto'),
        ...documented(10),
        input: list(11, 'ValueInfoProto'),
        output: list(12, 'ValueInfoProto'),
        valueInfo: list(13, 'ValueInfoProto'),
        quantizationAnnotation: list(14, 'TensorAnnotation'),
        sparseInitializer: list(15, 'SparseTensorProto'),
        ...metadata(16),
      },
    },
    NodeProto: {
      fields: {
        input: list(1, 'string'),
        output: list(2, 'string'),
        name: field(3, 'string'),
        opType: field(4, 'string'),
        attribute: list(5, 'AttributeProto'),
        ...documented(6),
        domain: field(7, 'string'),
        overload: field(8, 'string'),
        ...metadata(9),
      },
    },
    AttributeProto: {
      fields: {
        name: field(1, 'string'),
        f: field(2, 'float'),
        i: field(3, 'int64'),
        s: field(4, 'bytes'),
        t: field(5, 'TensorProto'),
        g: field(6, 'GraphProto'),
        floats: list(7, 'float'),
        ints: list(8, 'int64'),
        strings: list(9, 'bytes'),
        tensors: list(10, 'TensorProto'),
        graphs: list(11, 'GraphProto'),
        ...documented(13),
        tp: field(14, 'TypeProto'),
        typeProtos: list(15, 'TypeProto'),
        type: field(20, 'int32'),
        refAttrName: field(21, 'string'),
        sparseTensor: field(22, 'SparseTensorProto'),
        sparseTensors: list(23, 'SparseTensorProto'),
      },
    },
    TensorProto: {
      fields: {
        dims: list(1, 'int64'),
        dataType: field(2, 'int32'),
        segment: field(3, 'Segment'),
        floatData: packed(4, 'float'),
        int32Data: packed(5, 'int32'),
        stringData: list(6, 'bytes'),
        int64Data: packed(7, 'int64'),
        name: field(8, 'string'),
        rawData: field(9, 'bytes'),
        doubleData: packed(10, 'double'),
        uint64Data: packed(11, 'uint64'),
        ...documented(12),
        externalData: list(13, 'StringStringEntryProto'),
        dataLocation: field(14, 'int32'),
        ...metadata(16),
      },
      nested: { Segment: { fields: { begin: field(1, 'int64'), end: field(2, 'int64') } } },
    },
    SparseTensorProto: {
      fields: { values: field(1, 'TensorProto'), indices: field(2, 'TensorProto'), dims: list(3, 'int64') },
    },
    ValueInfoProto: {
      fields: { name: field(1, 'string'), type: field(2, 'TypeProto'), ...documented(3), ...metadata(4) },
    },
    TypeProto: {
      oneofs: {
        value: {
          oneof: ['tensorType', 'sequenceType', 'mapType', 'optionalType', 'sparseTensorType', 'opaqueType'],
        },
      },
      fields: {
        tensorType: field(1, 'Tensor'),
        sequenceType: field(4, 'Sequence'),
        mapType: field(5, 'Map'),
        denotation: field(6, 'string'),
        opaqueType: field(7, 'Opaque'),
        sparseTensorType: field(8, 'Tensor'),
        optionalType: field(9, 'Sequence'),
      },
      nested: {
        Tensor: { fields: { elemType: field(1, 'int32'), shape: field(2, 'TensorShapeProto') } },
        Sequence: { fields: { elemType: field(1, 'TypeProto') } },
        Map: { fields: { keyType: field(1, 'int32'), valueType: field(2, 'TypeProto') } },
        Opaque: { fields: { domain: field(1, 'string'), name: field(2, 'string') } },
      },
    },
    TensorShapeProto: {
      fields: { dim: list(1, 'Dimension') },
      nested: {
        Dimension: {
          oneofs: { value: { oneof: ['dimValue', 'dimParam'] } },
          fields: {
            dimValue: field(1, 'int64'),
            dimParam: field(2, 'string'),
            denotation: field(3, 'string'),
          },
        },
      },
    },
    OperatorSetIdProto: { fields: { domain: field(1, 'string'), version: field(2, 'int64') } },
    StringStringEntryProto: { fields: { key: field(1, 'string'), value: field(2, 'string') } },
    TensorAnnotation: {
      fields: {
        tensorName: field(1, 'string'),
        quantParameterTensorNames: list(2, 'StringStringEntryProto'),
      },
    },
    TrainingInfoProto: {
      fields: {
        initialization: field(1, 'GraphProto'),
        algorithm: field(2, 'GraphProto'),
        initializationBinding: list(3, 'StringStringEntryProto'),
        updateBinding: list(4, 'StringStringEntryProto'),
      },
    },
    FunctionProto: {
      fields: {
        name: field(1, 'string'),
        input: list(4, 'string'),
        output: list(5, 'string'),
        attribute: list(6, 'string'),
        node: list(7, 'NodeProto'),
        ...documented(8),
        opsetImport: list(9, 'OperatorSetIdProto'),
        domain: field(10, 'string'),
        attributeProto: list(11, 'AttributeProto'),
        valueInfo: list(12, 'ValueInfoProto'),
        overload: field(13, 'string'),
        ...metadata(14),
      },
    },
  },
};

let modelType: Promise<Type> | undefined;

/** The message type of a whole model. protobufjs is loaded at the first call. */
export function onnxModelType(): Promise<Type> {
  modelType ??= import('protobufjs/light.js').then(({ Root }) =>
    Root.fromJSON(SCHEMA).lookupType('ModelProto'),
  );
  return modelType;
}
