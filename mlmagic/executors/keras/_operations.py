"""The operations that a graph from elsewhere may run: none reaches files, the network, processes or Python."""

from __future__ import annotations

# Named one by one, for what a new TensorFlow adds is not known to be harmless. Left out on purpose, though TensorFlow
# does not call them stateful: Abort; DecodeProtoV2, GenerateVocabRemapping, ImmutableConst, MatchingFiles and ReadFile,
# which read files; DebugIdentity, which writes to a URL; XlaCustomCall. Of the stateful ones only what networks need.
HARMLESS = frozenset(
    " ".join(
        (
            # Arrays.
            """
            BatchMatrixBandPart BatchMatrixDiag BatchMatrixDiagPart BatchMatrixSetDiag BatchToSpace BatchToSpaceND
            Bitcast BroadcastArgs BroadcastGradientArgs BroadcastTo CheckNumerics CheckNumericsV2 Concat ConcatOffset
            ConcatV2 ConjugateTranspose Const DebugGradientIdentity DeepCopy DepthToSpace Dequantize Diag DiagPart
            DynamicPartition DynamicStitch EditDistance Empty EnsureShape ExpandDims ExtractImagePatches
            ExtractVolumePatches FakeQuantWithMinMaxArgs FakeQuantWithMinMaxArgsGradient FakeQuantWithMinMaxVars
            FakeQuantWithMinMaxVarsGradient FakeQuantWithMinMaxVarsPerChannel
            FakeQuantWithMinMaxVarsPerChannelGradient Fill Fingerprint Gather GatherNd GatherV2 Identity IdentityN
            InvertPermutation ListDiff LowerBound MatrixBandPart MatrixDiag MatrixDiagPart MatrixDiagPartV2
            MatrixDiagPartV3 MatrixDiagV2 MatrixDiagV3 MatrixSetDiag MatrixSetDiagV2 MatrixSetDiagV3 MirrorPad
            MirrorPadGrad OneHot OnesLike Pack Pad PadV2 ParallelDynamicStitch Placeholder PlaceholderWithDefault
            PreventGradient QuantizeAndDequantize QuantizeAndDequantizeV2 QuantizeAndDequantizeV3
            QuantizeAndDequantizeV4 QuantizeAndDequantizeV4Grad QuantizeV2 QuantizedConcat QuantizedInstanceNorm
            QuantizedReshape Rank Reshape ResourceStridedSliceAssign Reverse ReverseSequence ReverseV2 Roll ScatterNd
            ScatterNdNonAliasingAdd Shape ShapeN Size Slice Snapshot SpaceToBatch SpaceToBatchND SpaceToDepth Split
            SplitV Squeeze StopGradient StridedSlice StridedSliceGrad TensorScatterAdd TensorScatterMax
            TensorScatterMin TensorScatterSub TensorScatterUpdate TensorStridedSliceUpdate Tile TileGrad Transpose
            Unique UniqueV2 UniqueWithCounts UniqueWithCountsV2 Unpack UnravelIndex UpperBound Where ZerosLike
            """,
            # Arithmetic.
            """
            Abs AccumulateNV2 Acos Acosh Add AddN AddV2 All Angle Any ApproximateEqual ArgMax ArgMin Asin Asinh Atan
            Atan2 Atanh BatchMatMul BatchMatMulV2 BatchMatMulV3 BesselI0 BesselI0e BesselI1 BesselI1e BesselJ0
            BesselJ1 BesselK0 BesselK0e BesselK1 BesselK1e BesselY0 BesselY1 Betainc Bincount BitwiseAnd BitwiseOr
            BitwiseXor Bucketize Cast Ceil ClipByValue Complex ComplexAbs Conj Cos Cosh Cross Cumprod Cumsum
            CumulativeLogsumexp Dawsn DenseBincount DenseCountSparseOutput DenseToDenseSetOperation
            DenseToSparseSetOperation Digamma Div DivNoNan Equal Erf Erfc Erfinv EuclideanNorm Exp Expint Expm1 Floor
            FloorDiv FloorMod FresnelCos FresnelSin Greater GreaterEqual HistogramFixedWidth Igamma IgammaGradA
            Igammac Imag Inv InvGrad Invert IsFinite IsInf IsNan LeftShift Less LessEqual Lgamma LinSpace Log Log1p
            LogicalAnd LogicalNot LogicalOr MatMul Max Maximum Mean Min Minimum Mod Mul MulNoNan Ndtri Neg NextAfter
            NotEqual Polygamma PopulationCount Pow Prod QuantizeDownAndShrinkRange QuantizedAdd QuantizedMatMul
            QuantizedMul RaggedBincount RaggedCountSparseOutput Range Real RealDiv Reciprocal ReciprocalGrad
            RequantizationRange RequantizationRangePerChannel Requantize RequantizePerChannel RightShift Rint Round
            Rsqrt RsqrtGrad SegmentMax SegmentMaxV2 SegmentMean SegmentMin SegmentMinV2 SegmentProd SegmentProdV2
            SegmentSum SegmentSumV2 Select SelectV2 SetSize Sigmoid SigmoidGrad Sign Sin Sinh SobolSample
            SparseBincount SparseCountSparseOutput SparseMatMul SparseSegmentMean SparseSegmentMeanGrad
            SparseSegmentMeanGradV2 SparseSegmentMeanWithNumSegments SparseSegmentSqrtN SparseSegmentSqrtNGrad
            SparseSegmentSqrtNGradV2 SparseSegmentSqrtNWithNumSegments SparseSegmentSum SparseSegmentSumGrad
            SparseSegmentSumGradV2 SparseSegmentSumWithNumSegments SparseToSparseSetOperation Spence Sqrt SqrtGrad
            Square SquaredDifference Sub Sum Tan Tanh TanhGrad TruncateDiv TruncateMod UnsortedSegmentMax
            UnsortedSegmentMin UnsortedSegmentProd UnsortedSegmentSum Xdivy Xlog1py Xlogy Zeta
            """,
            # Linear algebra and transforms.
            """
            BandedTriangularSolve BatchCholesky BatchCholeskyGrad BatchFFT BatchFFT2D BatchFFT3D BatchIFFT BatchIFFT2D
            BatchIFFT3D BatchMatrixDeterminant BatchMatrixInverse BatchMatrixSolve BatchMatrixSolveLs
            BatchMatrixTriangularSolve BatchSelfAdjointEig BatchSelfAdjointEigV2 BatchSvd Cholesky CholeskyGrad Eig
            Einsum FFT FFT2D FFT3D FFTND IFFT IFFT2D IFFT3D IFFTND IRFFT IRFFT2D IRFFT3D IRFFTND LogMatrixDeterminant
            Lu MatrixDeterminant MatrixExponential MatrixInverse MatrixLogarithm MatrixSolve MatrixSolveLs
            MatrixSquareRoot MatrixTriangularSolve Qr RFFT RFFT2D RFFT3D RFFTND SelfAdjointEig SelfAdjointEigV2 Svd
            TridiagonalMatMul TridiagonalSolve
            """,
            # Layers of networks.
            """
            ApproxTopK AvgPool AvgPool3D AvgPool3DGrad AvgPoolGrad BatchNormWithGlobalNormalization
            BatchNormWithGlobalNormalizationGrad BiasAdd BiasAddGrad BiasAddV1 BlockLSTM BlockLSTMGrad BlockLSTMGradV2
            BlockLSTMV2 CTCBeamSearchDecoder CTCGreedyDecoder CTCLoss CTCLossV2 Conv Conv2D Conv2DBackpropFilter
            Conv2DBackpropFilterV2 Conv2DBackpropInput Conv2DBackpropInputV2 Conv3D Conv3DBackpropFilter
            Conv3DBackpropFilterV2 Conv3DBackpropInput Conv3DBackpropInputV2 CudnnRNNCanonicalToParams
            CudnnRNNCanonicalToParamsV2 CudnnRNNParamsSize CudnnRNNParamsToCanonical CudnnRNNParamsToCanonicalV2
            CudnnRNNV2 CudnnRNNV3 DataFormatDimMap DataFormatVecPermute DepthwiseConv2dNative
            DepthwiseConv2dNativeBackpropFilter DepthwiseConv2dNativeBackpropInput Dilation2D Dilation2DBackpropFilter
            Dilation2DBackpropInput Elu EluGrad FractionalAvgPool FractionalAvgPoolGrad FractionalMaxPool
            FractionalMaxPoolGrad FusedBatchNorm FusedBatchNormGrad FusedBatchNormGradV2 FusedBatchNormGradV3
            FusedBatchNormV2 FusedBatchNormV3 FusedPadConv2D FusedResizeAndPadConv2D GRUBlockCell GRUBlockCellGrad
            InTopK InTopKV2 IsotonicRegression L2Loss LRN LRNGrad LSTMBlockCell LSTMBlockCellGrad LeakyRelu
            LeakyReluGrad LogSoftmax MaxPool MaxPool3D MaxPool3DGrad MaxPool3DGradGrad MaxPoolGrad MaxPoolGradGrad
            MaxPoolGradGradV2 MaxPoolGradGradWithArgmax MaxPoolGradV2 MaxPoolGradWithArgmax MaxPoolV2
            MaxPoolWithArgmax NthElement QuantizedAvgPool QuantizedBatchNormWithGlobalNormalization QuantizedBiasAdd
            QuantizedConv2D QuantizedConv2DAndRelu QuantizedConv2DAndReluAndRequantize QuantizedConv2DAndRequantize
            QuantizedConv2DPerChannel QuantizedConv2DWithBias QuantizedConv2DWithBiasAndRelu
            QuantizedConv2DWithBiasAndReluAndRequantize QuantizedConv2DWithBiasAndRequantize
            QuantizedConv2DWithBiasSignedSumAndReluAndRequantize QuantizedConv2DWithBiasSumAndRelu
            QuantizedConv2DWithBiasSumAndReluAndRequantize QuantizedDepthwiseConv2D QuantizedDepthwiseConv2DWithBias
            QuantizedDepthwiseConv2DWithBiasAndRelu QuantizedDepthwiseConv2DWithBiasAndReluAndRequantize
            QuantizedMatMulWithBias QuantizedMatMulWithBiasAndDequantize QuantizedMatMulWithBiasAndRelu
            QuantizedMatMulWithBiasAndReluAndRequantize QuantizedMatMulWithBiasAndRequantize QuantizedMaxPool
            QuantizedRelu QuantizedRelu6 QuantizedReluX Relu Relu6 Relu6Grad ReluGrad Selu SeluGrad Softmax
            SoftmaxCrossEntropyWithLogits Softplus SoftplusGrad Softsign SoftsignGrad
            SparseSoftmaxCrossEntropyWithLogits TopK TopKV2 UniformDequantize UniformQuantize UniformQuantizedAdd
            UniformQuantizedClipByValue UniformQuantizedConvolution UniformQuantizedConvolutionHybrid
            UniformQuantizedDot UniformQuantizedDotHybrid UniformRequantize XlaDynamicUpdateSlice
            """,
            # Images and sound, from bytes at hand.
            """
            AdjustContrast AdjustContrastv2 AdjustHue AdjustSaturation AudioSpectrogram CombinedNonMaxSuppression
            CropAndResize CropAndResizeGradBoxes CropAndResizeGradImage DecodeAndCropJpeg DecodeBmp DecodeGif
            DecodeImage DecodeJpeg DecodeJxl DecodePng DecodeWav DecodeWebP DrawBoundingBoxes DrawBoundingBoxesV2
            EncodeJpeg EncodeJpegVariableQuality EncodePng EncodeWav ExtractGlimpse ExtractGlimpseV2 ExtractJpegShape
            GenerateBoundingBoxProposals HSVToRGB ImageProjectiveTransformV2 ImageProjectiveTransformV3 Mfcc
            NonMaxSuppression NonMaxSuppressionV2 NonMaxSuppressionV3 NonMaxSuppressionV4 NonMaxSuppressionV5
            NonMaxSuppressionWithOverlaps QuantizedResizeBilinear RGBToHSV RandomCrop ResizeArea ResizeBicubic
            ResizeBicubicGrad ResizeBilinear ResizeBilinearGrad ResizeNearestNeighbor ResizeNearestNeighborGrad
            SampleDistortedBoundingBox SampleDistortedBoundingBoxV2 ScaleAndTranslate ScaleAndTranslateGrad
            StatelessSampleDistortedBoundingBox
            """,
            # Texts, and records at hand.
            """
            AsString DecodeBase64 DecodeCSV DecodePaddedRaw DecodeRaw EncodeBase64 ParseExample ParseExampleV2
            ParseSequenceExample ParseSequenceExampleV2 ParseSingleExample ParseSingleSequenceExample ReduceJoin
            RegexFullMatch RegexReplace SerializeTensor StaticRegexFullMatch StaticRegexReplace StringFormat
            StringJoin StringLength StringLower StringNGrams StringSplit StringSplitV2 StringStrip StringToHashBucket
            StringToHashBucketFast StringToHashBucketStrong StringToNumber StringUpper Substr UnicodeDecode
            UnicodeDecodeWithOffsets UnicodeEncode UnicodeScript UnicodeTranscode UnsortedSegmentJoin
            """,
            # Ragged, sparse and composite tensors.
            """
            CompositeTensorVariantFromComponents CompositeTensorVariantToComponents DeserializeManySparse
            DeserializeSparse RaggedCross RaggedFillEmptyRows RaggedFillEmptyRowsGrad RaggedGather RaggedRange
            RaggedTensorFromVariant RaggedTensorToSparse RaggedTensorToTensor RaggedTensorToVariant
            RaggedTensorToVariantGradient SerializeManySparse SerializeSparse SparseAdd SparseAddGrad SparseConcat
            SparseCross SparseCrossHashed SparseCrossV2 SparseDenseCwiseAdd SparseDenseCwiseDiv SparseDenseCwiseMul
            SparseFillEmptyRows SparseFillEmptyRowsGrad SparseReduceMax SparseReduceMaxSparse SparseReduceSum
            SparseReduceSumSparse SparseReorder SparseReshape SparseSlice SparseSliceGrad SparseSoftmax
            SparseSparseMaximum SparseSparseMinimum SparseSplit SparseTensorDenseAdd SparseTensorDenseMatMul
            SparseToDense
            """,
            # Random numbers.
            """
            Multinomial NonDeterministicInts ParameterizedTruncatedNormal RandomGamma RandomGammaGrad
            RandomIndexShuffle RandomPoisson RandomPoissonV2 RandomShuffle RandomStandardNormal RandomUniform
            RandomUniformInt RngReadAndSkip RngSkip StatefulRandomBinomial StatefulStandardNormal
            StatefulStandardNormalV2 StatefulTruncatedNormal StatefulUniform StatefulUniformFullInt StatefulUniformInt
            StatelessMultinomial StatelessParameterizedTruncatedNormal StatelessRandomBinomial StatelessRandomGammaV2
            StatelessRandomGammaV3 StatelessRandomGetAlg StatelessRandomGetKeyCounter StatelessRandomGetKeyCounterAlg
            StatelessRandomNormal StatelessRandomNormalV2 StatelessRandomPoisson StatelessRandomUniform
            StatelessRandomUniformFullInt StatelessRandomUniformFullIntV2 StatelessRandomUniformInt
            StatelessRandomUniformIntV2 StatelessRandomUniformV2 StatelessShuffle StatelessTruncatedNormal
            StatelessTruncatedNormalV2 TruncatedNormal
            """,
            # Lists and maps within a graph.
            """
            EmptyTensorList EmptyTensorMap TensorArrayCloseV3 TensorArrayConcatV3 TensorArrayGatherV3
            TensorArrayGradV3 TensorArrayGradWithShape TensorArrayReadV3 TensorArrayScatterV3 TensorArraySizeV3
            TensorArraySplitV3 TensorArrayV3 TensorArrayWriteV3 TensorListConcat TensorListConcatLists
            TensorListConcatV2 TensorListElementShape TensorListFromTensor TensorListGather TensorListGetItem
            TensorListLength TensorListPopBack TensorListPushBack TensorListPushBackBatch TensorListReserve
            TensorListResize TensorListScatter TensorListScatterIntoExistingList TensorListScatterV2 TensorListSetItem
            TensorListSplit TensorListStack TensorMapErase TensorMapHasKey TensorMapInsert TensorMapLookup
            TensorMapSize TensorMapStackKeys
            """,
            # Calls, branches and loops.
            """
            Assert Case ControlTrigger DeviceIndex Enter Exit FakeParam For If LoopCond Merge NextIteration NoOp
            PartitionedCall StatefulPartitionedCall StatelessCase StatelessIf StatelessWhile Switch ToBool While
            """,
            # Variables.
            """
            AssignAddVariableOp AssignSubVariableOp AssignVariableOp DestroyResourceOp DisableCopyOnRead
            ReadVariableOp ResourceGather ResourceGatherNd ResourceScatterAdd ResourceScatterDiv ResourceScatterMax
            ResourceScatterMin ResourceScatterMul ResourceScatterNdAdd ResourceScatterNdMax ResourceScatterNdMin
            ResourceScatterNdSub ResourceScatterNdUpdate ResourceScatterSub ResourceScatterUpdate VarHandleOp
            VarIsInitializedOp VariableShape
            """,
            # Tables, filled from what is at hand.
            """
            AnonymousHashTable AnonymousMutableDenseHashTable AnonymousMutableHashTable
            AnonymousMutableHashTableOfTensors HashTableV2 InitializeTableV2
            LookupTableExportV2 LookupTableFindV2 LookupTableImportV2 LookupTableInsertV2 LookupTableRemoveV2
            LookupTableSizeV2 MutableDenseHashTableV2 MutableHashTableOfTensorsV2 MutableHashTableV2
            """,
        )
    ).split()
)
# Writes and restores the weights of a model: TensorFlow puts them where nobody calls them.
CHECKPOINT = frozenset({"MergeV2Checkpoints", "RestoreV2", "SaveV2", "ShardedFilename"})
# Fills a table from a file: harmless only where the file is the model's own.
TEXT_FILE = "InitializeTableFromTextFileV2"
