# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Types of CloudFormation resources that hold data, and the properties whose change replaces such a resource.

Sources, read on 2026-12-01:

* types: cfn-lint's list of stateful resources, ``StatefulResources.json``, and the types of the AWS resource reference
  that keep what users or programs write;
* properties: ``createOnlyProperties`` and ``conditionalCreateOnlyProperties`` of the CloudFormation registry's schemas,
  as cfn-lint brings them. A test compares both with the cfn-lint that is installed;
* snapshots and default policies: AWS CloudFormation Template Reference, "DeletionPolicy attribute".
"""

from __future__ import annotations

#: Properties whose change replaces a resource, by its type. A question mark stands after those that may do so. A slash
#: leads into a property.
HOLDERS = {
    "AWS::ACMPCA::CertificateAuthority": (
        "CsrExtensions KeyAlgorithm KeyStorageSecurityStandard SigningAlgorithm Subject Type UsageMode"
    ),
    "AWS::AmazonMQ::Broker": (
        "AuthenticationStrategy BrokerName DeploymentMode EncryptionOptions EngineType PubliclyAccessible "
        "StorageType SubnetIds"
    ),
    "AWS::Backup::BackupVault": "BackupVaultName EncryptionKeyArn",
    "AWS::Backup::LogicallyAirGappedBackupVault": "BackupVaultName EncryptionKeyArn MaxRetentionDays MinRetentionDays",
    "AWS::Cassandra::Keyspace": "KeyspaceName",
    "AWS::Cassandra::Table": (
        "ClientSideTimestampsEnabled ClusteringKeyColumns KeyspaceName PartitionKeyColumns TableName"
    ),
    "AWS::CloudFormation::Stack": "",
    "AWS::CloudTrail::EventDataStore": "",
    "AWS::CodeArtifact::Domain": "DomainName EncryptionKey",
    "AWS::CodeArtifact::Repository": "DomainName DomainOwner RepositoryName",
    "AWS::CodeCommit::Repository": "",
    "AWS::Cognito::IdentityPool": "",
    "AWS::Cognito::UserPool": "",
    "AWS::Connect::Instance": "DirectoryId IdentityManagementType InstanceAlias",
    "AWS::CustomerProfiles::Domain": "DomainName",
    "AWS::DAX::Cluster": (
        "ClusterEndpointEncryptionType ClusterName IAMRoleARN NetworkType NodeType SSESpecification SubnetGroupName"
    ),
    "AWS::DSQL::Cluster": "",
    "AWS::DocDB::DBCluster": (
        "AvailabilityZones DBClusterIdentifier DBSubnetGroupName KmsKeyId MasterUsername SnapshotIdentifier "
        "SourceDBClusterIdentifier StorageEncrypted"
    ),
    "AWS::DocDB::DBInstance": "AvailabilityZone DBClusterIdentifier DBInstanceIdentifier",
    "AWS::DocDBElastic::Cluster": "AdminUserName AuthType ClusterName KmsKeyId",
    "AWS::DynamoDB::GlobalTable": "TableName GlobalTableSourceArn? KeySchema? LocalSecondaryIndexes?",
    "AWS::DynamoDB::Table": "ImportSourceSpecification TableName KeySchema?",
    "AWS::EC2::Instance": (
        "AvailabilityZone CpuOptions ElasticGpuSpecifications ElasticInferenceAccelerators EnclaveOptions "
        "HibernationOptions HostResourceGroupArn ImageId Ipv6AddressCount Ipv6Addresses KeyName "
        "LaunchTemplate LicenseSpecifications NetworkInterfaces PlacementGroupName PrivateIpAddress "
        "SecurityGroups SubnetId AdditionalInfo? Affinity? BlockDeviceMappings? EbsOptimized? HostId? "
        "InstanceType? KernelId? PrivateDnsNameOptions? RamdiskId? SecurityGroupIds? Tenancy? UserData?"
    ),
    "AWS::EC2::Volume": "",
    "AWS::ECR::PublicRepository": "RepositoryName",
    "AWS::ECR::Repository": (
        "EncryptionConfiguration EncryptionConfiguration/EncryptionType EncryptionConfiguration/KmsKey RepositoryName"
    ),
    "AWS::EFS::FileSystem": "AvailabilityZoneName Encrypted KmsKeyId PerformanceMode",
    "AWS::EMR::Cluster": (
        "AdditionalInfo Applications AutoScalingRole BootstrapActions Configurations CustomAmiId "
        "EbsRootVolumeIops EbsRootVolumeSize EbsRootVolumeThroughput JobFlowRole KerberosAttributes "
        "LogEncryptionKmsKeyId LogUri Name OSReleaseLabel PlacementGroupConfigs ReleaseLabel "
        "ScaleDownBehavior SecurityConfiguration ServiceRole Steps"
    ),
    "AWS::ElastiCache::CacheCluster": (
        "CacheSubnetGroupName ClusterName Engine NetworkType Port SnapshotArns SnapshotName IpDiscovery? "
        "PreferredAvailabilityZones?"
    ),
    "AWS::ElastiCache::ReplicationGroup": (
        "AtRestEncryptionEnabled CacheSubnetGroupName DataTieringEnabled GlobalReplicationGroupId KmsKeyId "
        "NetworkType Port PreferredCacheClusterAZs ReplicationGroupId SnapshotArns SnapshotName AuthToken? "
        "NodeGroupConfiguration?"
    ),
    "AWS::ElastiCache::ServerlessCache": (
        "ConnectionType KmsKeyId NetworkType ServerlessCacheName SnapshotArnsToRestore SubnetIds"
    ),
    "AWS::Elasticsearch::Domain": "DomainName",
    "AWS::Events::Archive": "ArchiveName SourceArn",
    "AWS::FSx::FileSystem": "BackupId FileSystemType KmsKeyId SecurityGroupIds SubnetIds",
    "AWS::FSx::Volume": (
        "BackupId OntapConfiguration/AggregateConfiguration "
        "OntapConfiguration/AggregateConfiguration/Aggregates "
        "OntapConfiguration/AggregateConfiguration/ConstituentsPerAggregate "
        "OntapConfiguration/OntapVolumeType OntapConfiguration/SnaplockConfiguration/SnaplockType "
        "OntapConfiguration/StorageVirtualMachineId OntapConfiguration/VolumeStyle "
        "OpenZFSConfiguration/OriginSnapshot OpenZFSConfiguration/OriginSnapshot/CopyStrategy "
        "OpenZFSConfiguration/OriginSnapshot/SnapshotARN OpenZFSConfiguration/ParentVolumeId VolumeType"
    ),
    "AWS::HealthImaging::Datastore": "DatastoreName KmsKeyArn Tags",
    "AWS::HealthLake::FHIRDatastore": "DatastoreTypeVersion PreloadDataConfig SseConfiguration",
    "AWS::IoTAnalytics::Channel": "ChannelName",
    "AWS::IoTAnalytics::Datastore": "DatastoreName",
    "AWS::KMS::Key": "",
    "AWS::KMS::ReplicaKey": "PrimaryKeyArn",
    "AWS::Kendra::Index": "Edition ServerSideEncryptionConfiguration",
    "AWS::Kinesis::Stream": "Name",
    "AWS::KinesisFirehose::DeliveryStream": (
        "AmazonOpenSearchServerlessDestinationConfiguration/VpcConfiguration "
        "AmazonopensearchserviceDestinationConfiguration/VpcConfiguration DatabaseSourceConfiguration "
        "DeliveryStreamName DeliveryStreamType DirectPutSourceConfiguration "
        "ElasticsearchDestinationConfiguration/VpcConfiguration "
        "IcebergDestinationConfiguration/CatalogConfiguration KinesisStreamSourceConfiguration "
        "MSKSourceConfiguration SnowflakeDestinationConfiguration/SnowflakeVpcConfiguration"
    ),
    "AWS::KinesisVideo::Stream": "Name",
    "AWS::Lightsail::Bucket": "BucketName",
    "AWS::Lightsail::Database": (
        "AvailabilityZone MasterDatabaseName MasterUsername RelationalDatabaseBlueprintId "
        "RelationalDatabaseBundleId RelationalDatabaseName"
    ),
    "AWS::Lightsail::Disk": "AvailabilityZone DiskName SizeInGb",
    "AWS::Lightsail::Instance": "AvailabilityZone BlueprintId BundleId InstanceName",
    "AWS::Location::GeofenceCollection": "CollectionName KmsKeyId",
    "AWS::Location::Tracker": "KmsKeyId TrackerName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::MSK::Cluster": (
        "BrokerNodeGroupInfo/BrokerAZDistribution BrokerNodeGroupInfo/ClientSubnets "
        "BrokerNodeGroupInfo/SecurityGroups ClusterName EncryptionInfo/EncryptionAtRest "
        "EncryptionInfo/EncryptionInTransit/InCluster"
    ),
    "AWS::MSK::ServerlessCluster": "ClientAuthentication ClusterName Tags VpcConfigs",
    "AWS::MemoryDB::Cluster": (
        "ClusterName DataTiering KmsKeyId MultiRegionClusterName NetworkType Port SnapshotArns SnapshotName "
        "SubnetGroupName TLSEnabled"
    ),
    "AWS::Neptune::DBCluster": (
        "AvailabilityZones DBClusterIdentifier DBSubnetGroupName GlobalClusterIdentifier KmsKeyId "
        "RestoreToTime RestoreType SnapshotIdentifier SourceDBClusterIdentifier StorageEncrypted "
        "UseLatestRestorableTime"
    ),
    "AWS::Neptune::DBInstance": (
        "AvailabilityZone DBClusterIdentifier DBInstanceIdentifier DBSnapshotIdentifier DBSubnetGroupName "
        "AutoMinorVersionUpgrade? DBParameterGroupName? PreferredMaintenanceWindow?"
    ),
    "AWS::NeptuneGraph::Graph": (
        "GraphName ImportTask KmsKeyIdentifier ReplicaCount VectorSearchConfiguration ProvisionedMemory?"
    ),
    "AWS::Omics::AnnotationStore": "Name Reference SseConfig StoreFormat StoreOptions Tags",
    "AWS::Omics::ReferenceStore": "Description Name SseConfig Tags",
    "AWS::Omics::SequenceStore": "ETagAlgorithmFamily SseConfig",
    "AWS::Omics::VariantStore": "Name Reference SseConfig Tags",
    "AWS::OpenSearchServerless::Collection": "CollectionGroupName EncryptionConfig Name StandbyReplicas Tags Type",
    "AWS::OpenSearchService::Domain": (
        "DomainName EngineMode AdvancedSecurityOptions/Enabled? EncryptionAtRestOptions/Enabled? "
        "EncryptionAtRestOptions/KmsKeyId?"
    ),
    "AWS::Organizations::Account": "",
    "AWS::QLDB::Ledger": "Name",
    "AWS::RDS::DBCluster": (
        "ClusterScalabilityType DBClusterIdentifier DBSubnetGroupName DBSystemId DatabaseName EngineMode "
        "KmsKeyId PubliclyAccessible RestoreToTime RestoreType SnapshotIdentifier SourceDBClusterIdentifier "
        "SourceDbClusterResourceId SourceRegion StorageEncrypted UseLatestRestorableTime AvailabilityZones? "
        "Engine? GlobalClusterIdentifier? MasterUsername?"
    ),
    "AWS::RDS::DBInstance": (
        "BackupTarget CharacterSetName CustomIAMInstanceProfile DBClusterIdentifier DBInstanceIdentifier "
        "DBName DBSubnetGroupName DBSystemId KmsKeyId MasterUsername NcharCharacterSetName SourceRegion "
        "StorageEncrypted Timezone AutoMinorVersionUpgrade? AvailabilityZone? BackupRetentionPeriod? "
        "DBClusterSnapshotIdentifier? DBParameterGroupName? DBSnapshotIdentifier? Engine? MultiAZ? "
        "PerformanceInsightsKMSKeyId? PreferredMaintenanceWindow? RestoreTime? SourceDBClusterIdentifier? "
        "SourceDBInstanceAutomatedBackupsArn? SourceDBInstanceIdentifier? SourceDbiResourceId? "
        "UseLatestRestorableTime?"
    ),
    "AWS::RDS::GlobalCluster": "Engine GlobalClusterIdentifier SourceDBClusterIdentifier StorageEncrypted",
    "AWS::Redshift::Cluster": (
        "ClusterIdentifier ClusterSubnetGroupName DBName MasterUsername OwnerAccount "
        "SnapshotClusterIdentifier SnapshotIdentifier"
    ),
    "AWS::RedshiftServerless::Namespace": "NamespaceName",
    "AWS::Rekognition::Collection": "CollectionId",
    "AWS::S3::Bucket": "BucketName BucketNamePrefix BucketNamespace",
    "AWS::S3Express::DirectoryBucket": "BucketName DataRedundancy LocationName",
    "AWS::S3Tables::Namespace": "Namespace TableBucketARN",
    "AWS::S3Tables::Table": "IcebergMetadata OpenTableFormat StorageClassConfiguration TableBucketARN WithoutMetadata",
    "AWS::S3Tables::TableBucket": "TableBucketName",
    "AWS::S3Vectors::Index": (
        "DataType Dimension DistanceMetric EncryptionConfiguration IndexName MetadataConfiguration "
        "VectorBucketArn VectorBucketName"
    ),
    "AWS::S3Vectors::VectorBucket": "EncryptionConfiguration VectorBucketName",
    "AWS::SDB::Domain": "",
    "AWS::SES::ContactList": "ContactListName",
    "AWS::SNS::Topic": "FifoTopic TopicName",
    "AWS::SQS::Queue": "FifoQueue QueueName",
    "AWS::SSM::Parameter": "Name",
    "AWS::SageMaker::Domain": (
        "AuthMode DomainName DomainSettings/RStudioServerProDomainSettings/DefaultResourceSpec KmsKeyId VpcId?"
    ),
    "AWS::SageMaker::FeatureGroup": (
        "Description EventTimeFeatureName FeatureGroupName OfflineStoreConfig "
        "OnlineStoreConfig/EnableOnlineStore OnlineStoreConfig/SecurityConfig OnlineStoreConfig/StorageType "
        "RecordIdentifierFeatureName RoleArn Tags"
    ),
    "AWS::SageMaker::NotebookInstance": (
        "DirectInternetAccess KmsKeyId NotebookInstanceName PlatformIdentifier SecurityGroupIds SubnetId"
    ),
    "AWS::SecretsManager::Secret": "Name",
    "AWS::Timestream::Database": "DatabaseName",
    "AWS::Timestream::InfluxDBInstance": (
        "Bucket Name NetworkType Organization Password PubliclyAccessible Username VpcSecurityGroupIds VpcSubnetIds"
    ),
    "AWS::Timestream::Table": "DatabaseName TableName",
    "AWS::WorkSpaces::Workspace": (
        "DirectoryId UserName BundleId? RootVolumeEncryptionEnabled? UserVolumeEncryptionEnabled? VolumeEncryptionKey?"
    ),
}
#: Types of which CloudFormation can take a snapshot before it deletes a resource; others are deleted without one.
SNAPSHOTS = frozenset(
    {
        "AWS::DocDB::DBCluster",
        "AWS::EC2::Volume",
        "AWS::ElastiCache::CacheCluster",
        "AWS::ElastiCache::ReplicationGroup",
        "AWS::Neptune::DBCluster",
        "AWS::RDS::DBCluster",
        "AWS::RDS::DBInstance",
        "AWS::Redshift::Cluster",
    }
)
