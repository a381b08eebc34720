// protobuf is C++: this module only carries its link and include flags to CONNX.
