"""Serves the API in gRPC form, as google-cloud-run speaks it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import grpc
from google.cloud import run_v2
from google.longrunning import operations_pb2

from interlock_local.api_error import ApiError
from interlock_local.cloud_run.api import CloudRunApi

THREADS = 16
Call = Callable[[Any], Any]
if TYPE_CHECKING:  # generic for the checker only
    Handler = grpc.RpcMethodHandler[Any, Any]
    Handlers = grpc.GenericRpcHandler[Any, Any]


def bind(api: CloudRunApi, *, address: str) -> grpc.Server:
    """Return a server that is not yet started; raise RuntimeError if the address is taken."""
    server = grpc.server(ThreadPoolExecutor(THREADS), options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((_jobs(api), _executions(api), _operations(api)))
    server.add_insecure_port(address)
    return server


def _jobs(api: CloudRunApi) -> "Handlers":
    handlers = {
        "RunJob": _operation_method(api.run_job, run_v2.RunJobRequest),
        "GetJob": _method(api.get_job, run_v2.GetJobRequest, response=run_v2.Job),
        "ListJobs": _method(api.list_jobs, run_v2.ListJobsRequest, response=run_v2.ListJobsResponse),
    }
    return grpc.method_handlers_generic_handler("google.cloud.run.v2.Jobs", handlers)


def _executions(api: CloudRunApi) -> "Handlers":
    handlers = {
        "GetExecution": _method(api.get_execution, run_v2.GetExecutionRequest, response=run_v2.Execution),
        "ListExecutions": _method(
            api.list_executions, run_v2.ListExecutionsRequest, response=run_v2.ListExecutionsResponse
        ),
        "CancelExecution": _operation_method(api.cancel_execution, run_v2.CancelExecutionRequest),
        "DeleteExecution": _operation_method(api.delete_execution, run_v2.DeleteExecutionRequest),
    }
    return grpc.method_handlers_generic_handler("google.cloud.run.v2.Executions", handlers)


def _operations(api: CloudRunApi) -> "Handlers":
    handler = grpc.unary_unary_rpc_method_handler(
        _with_status(api.get_operation),
        request_deserializer=operations_pb2.GetOperationRequest.FromString,
        response_serializer=operations_pb2.Operation.SerializeToString,
    )
    return grpc.method_handlers_generic_handler("google.longrunning.Operations", {"GetOperation": handler})


def _method(call: Call, request: Any, *, response: Any) -> "Handler":
    return grpc.unary_unary_rpc_method_handler(
        _with_status(call), request_deserializer=request.deserialize, response_serializer=response.serialize
    )


def _operation_method(call: Call, request: Any) -> "Handler":
    return grpc.unary_unary_rpc_method_handler(
        _with_status(call),
        request_deserializer=request.deserialize,
        response_serializer=operations_pb2.Operation.SerializeToString,
    )


def _with_status(call: Call) -> Callable[[Any, grpc.ServicerContext], Any]:
    def answer(request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return call(request)
        except ApiError as error:
            context.abort(error.code, error.message)

    return answer
